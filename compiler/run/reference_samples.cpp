#include "compiler/run/reference_samples.hpp"

#include <algorithm>

#include "compiler/ops/halves.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/plan/size_checks.hpp"
#include "compiler/run/sample_inputs.hpp"
#include "compiler/run/size_operands.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::int64_t max_cost = 50'000'000, max_stored = 100'000;

Signature signature_of(const Program& p) {
  Signature s;
  for (const TensorPort& t : p.inputs) s.inputs.push_back({t.name, t.type});
  for (const TensorPort& t : p.outputs) s.outputs.push_back({t.name, t.type});
  s.symbols = *p.symbols;
  return s;
}

// Unequal symbols get unequal sizes where their bounds allow it: mixed up dims then show.
std::vector<SymbolValues> sizes(const Symbols& symbols) {
  std::vector<SymbolValues> out;
  for (const std::int64_t wanted : {5, 18, 0}) {
    SymbolValues values;
    std::int64_t next = wanted;
    for (const Symbol& s : symbols.all()) {
      values[s.name] = std::clamp(next, s.bounds.lower, s.bounds.upper);
      if (wanted > 0) ++next;
    }
    if (std::find(out.begin(), out.end(), values) == out.end()) out.push_back(std::move(values));
  }
  return out;
}

std::int64_t stored(const Program& p, const SymbolValues& values) {
  std::int64_t out = 0;
  for (const auto* ports : {&p.inputs, &p.outputs})
    for (const TensorPort& t : *ports) out += evaluate(p.symbols->at_limits(product(t.type.shape)), values);
  return out;
}

bool agree(const Symbols& symbols, const SymbolValues& values) {
  const auto& all = symbols.equalities();
  return std::all_of(all.begin(), all.end(), [&](const auto& e) { return symbols.has_measured(e) || evaluate(e.a, values) == evaluate(e.b, values); });
}

bool runs_here(const std::vector<Call>& calls) {
  return std::all_of(calls.begin(), calls.end(), [](const Call& c) {
    return c.host || c.kernel == require_kernel || (!c.bodies.empty() && std::all_of(c.bodies.begin(), c.bodies.end(), runs_here));
  });
}

// Calls that follow each other, each with what the one before it left of the state.
class Calls {
 public:
  Calls(const Graph& graph, const Program& program, const std::vector<Carry>& carried, SymbolValues values)
      : graph_(graph), program_(program), carried_(carried), values_(std::move(values)) {
    for (const Carry& c : carried_) state_.push_back(c.initial ? *c.initial : zeros(program.inputs[c.input].type));
  }
  Sample next(std::uint64_t seed) {
    Sample out{values_, sample_inputs(signature_of(program_), values_, seed), {}, seed > 1};
    fit_size_operands(graph_, out.inputs, values_);
    for (std::size_t k = 0; k < carried_.size(); ++k) out.inputs[carried_[k].input] = state_[k];
    out.outputs = evaluate(program_, out.inputs, values_);
    for (std::size_t k = 0; k < carried_.size(); ++k) state_[k] = out.outputs[carried_[k].output];
    out.inputs = without(std::move(out.inputs), [](const Carry& c) { return c.input; });
    out.outputs = without(std::move(out.outputs), [](const Carry& c) { return c.output; });
    return out;
  }

 private:
  static Tensor zeros(const Type& type) {
    std::vector<std::int64_t> shape;
    for (const Dim& d : type.shape) shape.push_back(*d.constant());
    return Tensor(type.dtype, shape);
  }
  template <class Index>
  std::vector<Tensor> without(std::vector<Tensor> all, Index index) const {
    std::vector<Tensor> out;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (std::none_of(carried_.begin(), carried_.end(), [&](const Carry& c) { return index(c) == i; })) out.push_back(std::move(all[i]));
    return out;
  }

  const Graph& graph_;
  const Program& program_;
  const std::vector<Carry>& carried_;
  SymbolValues values_;
  std::vector<Tensor> state_;
};

}  // namespace

std::vector<Sample> reference_samples(const Graph& graph, const std::vector<Carry>& carried) {
  const Program program = plan(*halves::in_float32(graph), false);
  const std::uint64_t calls = carried.empty() ? 1 : 3;
  std::vector<Sample> out;
  if (!runs_here(program.calls)) return out;
  for (const SymbolValues& values : sizes(*program.symbols)) {
    try {
      if (!agree(*program.symbols, values) || stored(program, values) > max_stored || cost(program, values) > max_cost) continue;
      Calls sequence(graph, program, carried, values);
      for (std::uint64_t k = 1; k <= calls; ++k) out.push_back(sequence.next(k));
    } catch (const UserError&) {  // no meaning at this size, or a random index out of range
    }
  }
  return out;
}

}  // namespace inferc
