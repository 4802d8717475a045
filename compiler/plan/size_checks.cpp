#include "compiler/plan/size_checks.hpp"

#include <algorithm>
#include <set>

#include "compiler/plan/control.hpp"

namespace inferc {
namespace {

class SizeChecks {
 public:
  SizeChecks(const Symbols& symbols, const std::vector<Shape>& shapes) : symbols_(symbols) {
    for (const Symbols::Equality& e : symbols.equalities())
      if (symbols.has_measured(e)) require({SizeArg{e.a}, SizeArg{e.b}}, e.reason);
    for (const Shape& s : shapes) natural(s);
  }

  void collect(const std::vector<Call>& calls) {
    for (const Call& c : calls) {
      for (const Arg& a : c.args)
        for (const auto& [operand, access] : operands(a)) natural(operand->shape);
      for (const auto& body : c.bodies) collect(body);
    }
  }

  void insert(std::vector<Call>& calls, std::set<std::string> known) {
    for (std::size_t c = 0; c < calls.size(); ++c) {
      if (calls[c].kernel == loop_kernel) in_loop(calls[c], known);
      std::set<std::string> inside = known;
      if (calls[c].kernel == loop_kernel) inside.insert(calls[c].measures);
      for (auto& body : calls[c].bodies) insert(body, inside);
      std::vector<Call> checks = due(sets(calls[c]), known);
      calls.insert(calls.begin() + static_cast<std::ptrdiff_t>(c + 1), checks.begin(), checks.end());
      c += checks.size();
    }
  }

 private:
  struct Check {
    Call call;
    std::set<std::string> needs;
    bool done = false;
  };

  // What of the iteration is asked for is asked in the body.
  void in_loop(Call& loop, std::set<std::string> known) {
    std::vector<Call>& body = loop.bodies[0];
    const std::vector<Call> checks = due({loop.measures}, known);
    body.insert(body.begin(), checks.begin(), checks.end());
  }
  // The symbols that a call sets: a branch those that its bodies assign.
  static std::vector<std::string> sets(const Call& call) {
    std::vector<std::string> out;
    if (call.kernel == branch_kernel)
      for (const Call& c : call.bodies[0])
        if (c.kernel == assign_kernel) out.push_back(c.measures);
    const bool later = call.kernel == assign_kernel || (call.kernel == declare_kernel && call.args.empty());
    if (!call.measures.empty() && !later) out.push_back(call.measures);
    return out;
  }
  std::vector<Call> due(const std::vector<std::string>& fresh, std::set<std::string>& known) {
    known.insert(fresh.begin(), fresh.end());
    std::vector<Call> out;
    for (Check& c : checks_) {
      const bool now = std::any_of(fresh.begin(), fresh.end(), [&](const std::string& s) { return c.needs.count(s) != 0; });
      if (c.done || !now || !std::includes(known.begin(), known.end(), c.needs.begin(), c.needs.end())) continue;
      c.done = true;
      out.push_back(c.call);
    }
    return out;
  }

  void natural(const Shape& shape) {
    for (const Dim& d : shape)
      if (symbols_.has_measured(d) && symbols_.bounds(d).lower < 0 && seen_.insert(d.text()).second) require({SizeArg{d}}, "a size");
  }
  void require(std::vector<Arg> args, const std::string& reason) {
    Check out{{.kernel = std::string(require_kernel), .args = std::move(args), .nodes = {reason}}, {}};
    std::vector<std::string> names;
    for (const Arg& a : out.call.args) collect_symbols(std::get<SizeArg>(a).size, names);
    for (const std::string& n : names)
      if (symbols_.is_measured(n)) out.needs.insert(n);
    checks_.push_back(std::move(out));
  }

  const Symbols& symbols_;
  std::vector<Check> checks_;
  std::set<std::string> seen_;
};

}  // namespace

void add_size_checks(std::vector<Call>& calls, const Symbols& symbols, const std::vector<Shape>& shapes) {
  SizeChecks checks(symbols, shapes);
  checks.collect(calls);
  checks.insert(calls, {});
}

}  // namespace inferc
