#include "compiler/ops/user_op.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <deque>
#include <sstream>

#include <fmt/format.h>

namespace inferc {
namespace {

constexpr std::string_view mark = "// inferc: ";
constexpr char form[] = "// inferc: NAME(x: f32[n, d], alpha: float = 1, k: int) -> y: f32[n, 2*d]";
constexpr TypeSet any_type = types::all;

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.front()))) s.remove_prefix(1);
  while (!s.empty() && std::isspace(static_cast<unsigned char>(s.back()))) s.remove_suffix(1);
  return s;
}

[[noreturn]] void wrong(std::string_view what, std::string_view part) { throw UserError(fmt::format("{} '{}'", what, escape(std::string(part))), form); }

// The parts between commas that stand in no brackets.
std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    if (i < list.size() && (list[i] == '[' || list[i] == '(')) ++depth;
    if (i < list.size() && (list[i] == ']' || list[i] == ')')) --depth;
    if (i < list.size() && (list[i] != ',' || depth > 0)) continue;
    if (const auto item = trimmed(list.substr(begin, i - begin)); !item.empty()) out.push_back(item);
    begin = i + 1;
  }
  return out;
}

struct Named {
  std::string name;
  std::string_view what;
};
Named named(std::string_view item) {
  const std::size_t colon = item.find(':');
  if (colon == item.npos) wrong("no 'name: type' is", item);
  return {std::string(trimmed(item.substr(0, colon))), trimmed(item.substr(colon + 1))};
}

Type type_of(std::string_view text) {
  const std::size_t open = text.find('[');
  const auto dtype = dtype_from_short_name(trimmed(text.substr(0, open)));
  if (!dtype || !any_type.has(*dtype) || open == text.npos || text.back() != ']') wrong("no type is", text);
  Type out{*dtype, {}};
  for (const std::string_view d : items_of(text.substr(open + 1, text.size() - open - 2))) out.shape.push_back(parse_dim(d));
  return out;
}

UserSignature::Parameter parameter_of(const Named& n) {
  const std::size_t equals = n.what.find('=');
  const std::string_view kind = trimmed(n.what.substr(0, equals));
  UserSignature::Parameter out{n.name, {}, kind == "float"};
  if (kind != "float" && kind != "int") wrong("a parameter is float or int, not", kind);
  if (equals == n.what.npos) return out;
  const std::string value(trimmed(n.what.substr(equals + 1)));
  double real = 0;
  if (const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), real); error != std::errc() || end != value.data() + value.size())
    wrong("no number is", value);
  if (out.real) out.otherwise = real;
  else out.otherwise = static_cast<std::int64_t>(real);
  return out;
}

UserSignature signature_of(std::string_view line) {
  const std::size_t open = line.find('('), arrow = line.find("->"), close = line.rfind(')', arrow);
  if (open == line.npos || arrow == line.npos || close == line.npos || close < open) wrong("no signature is", line);
  UserSignature out{std::string(line), std::string(trimmed(line.substr(0, open))), {}, {}, {}};
  for (const std::string_view item : items_of(line.substr(open + 1, close - open - 1))) {
    const Named n = named(item);
    if (n.what.find('[') == n.what.npos) out.parameters.push_back(parameter_of(n));
    else if (out.parameters.empty()) out.inputs.push_back(type_of(n.what));
    else wrong("inputs come before parameters:", item);
  }
  for (const std::string_view item : items_of(line.substr(arrow + 2))) out.outputs.push_back(type_of(named(item).what));
  const bool name =
      !out.function.empty() && std::all_of(out.function.begin(), out.function.end(), [](unsigned char c) { return std::isalnum(c) || c == '_' || c == ':'; });
  if (!name || out.inputs.empty() || out.outputs.empty()) wrong("no function of inputs to outputs is", line);
  return out;
}

struct Defined {
  UserOp user;
  Op op;
};
std::deque<Defined>& defined() {
  static std::deque<Defined> all;
  return all;
}

const Defined* find_defined(std::string_view name, std::string_view domain) {
  const auto& all = defined();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Defined& d) { return d.op.name == name && d.op.domain == (domain == "ai.onnx" ? "" : domain); });
  return at == all.end() ? nullptr : &*at;
}

bool fits(const Node& n, const UserSignature& s) {
  if (n.inputs.size() != s.inputs.size() || n.outputs.size() != s.outputs.size()) return false;
  for (std::size_t i = 0; i < s.inputs.size(); ++i)
    if (!n.in(i) || n.in(i)->type->dtype != s.inputs[i].dtype || n.in(i)->type->rank() != s.inputs[i].rank()) return false;
  return std::all_of(n.outputs.begin(), n.outputs.end(), [](const Value* v) { return v != nullptr; });
}

const UserSignature* signature_for(const Node& n) {
  const auto& all = find_user_op(n.op, n.domain)->signatures;
  const auto at = std::find_if(all.begin(), all.end(), [&](const UserSignature& s) { return fits(n, s); });
  return at == all.end() ? nullptr : &*at;
}

// The values of a signature's names.
class Sizes {
 public:
  explicit Sizes(Infer& i) : i_(i) {}
  // Names first, so that expressions over them may stand anywhere.
  bool bind(const UserSignature& s) {
    for (const bool names : {true, false})
      for (std::size_t k = 0; k < s.inputs.size(); ++k)
        for (std::size_t d = 0; d < s.inputs[k].shape.size(); ++d)
          if (s.inputs[k].shape[d].as_symbol().empty() != names && !meet(s.inputs[k].shape[d], i_.shape(k)[d])) return false;
    return true;
  }
  Dim of(const Dim& d) {
    return substitute(d, [&](std::string_view name) {
      const auto at = values_.find(name);
      if (at == values_.end()) i_.fail(fmt::format("its signature gives the size '{}' no value", name), "a name stands alone in the shape of an input");
      return at == values_.end() ? std::nullopt : std::optional(at->second);
    });
  }

 private:
  bool meet(const Dim& formal, const Dim& actual) {
    if (const auto name = formal.as_symbol(); !name.empty() && values_.emplace(name, actual).second) return true;
    const Dim wanted = of(formal);
    if (!i_.failed()) static_cast<void>(i_.unify(wanted, actual));
    return !i_.failed();
  }
  Infer& i_;
  std::map<std::string, Dim, std::less<>> values_;
};

void infer_user_op(Infer& i) {
  const UserSignature* s = signature_for(i.node);
  if (!s) {
    std::string given, known;
    for (std::size_t k = 0; k < i.node.inputs.size(); ++k) given += (given.empty() ? "" : ", ") + (i.has(k) ? text(i.type(k)) : std::string("nothing"));
    for (const UserSignature& one : find_user_op(i.node.op, i.node.domain)->signatures) known += (known.empty() ? "" : "; ") + one.text;
    i.fail(fmt::format("no function of '{}' takes ({}) for {} outputs", find_user_op(i.node.op, i.node.domain)->header, given, i.node.outputs.size()), known);
    return;
  }
  for (const auto& p : s->parameters)
    if (!i.node.attributes.contains(p.name) && std::holds_alternative<std::monostate>(p.otherwise))
      i.fail(fmt::format("attribute '{}' is missing", escape(p.name)), s->text);
  Sizes sizes(i);
  if (i.failed() || !sizes.bind(*s)) return;
  for (std::size_t k = 0; k < s->outputs.size(); ++k) {
    Shape shape;
    for (const Dim& d : s->outputs[k].shape) shape.push_back(sizes.of(d));
    i.out(k, s->outputs[k].dtype, std::move(shape));
  }
}

Arg argument(const Node& n, const UserSignature::Parameter& p) {
  if (p.real) return real(static_cast<double>(n.attr(p.name, p.otherwise.index() == 2 ? static_cast<float>(std::get<double>(p.otherwise)) : 0.0F)));
  return integer(n.attr_int(p.name, p.otherwise.index() == 1 ? std::get<std::int64_t>(p.otherwise) : 0));
}

void lower(Lower& l) {
  const UserSignature& s = *signature_for(l.node);
  std::vector<Arg> args;
  Dim work(0);
  for (std::size_t k = 0; k < s.inputs.size(); ++k) args.push_back(read_view(l.in(k)));
  for (const auto& p : s.parameters) args.push_back(argument(l.node, p));
  for (std::size_t k = 0; k < s.outputs.size(); ++k) {
    args.push_back(write_view(l.out(k)));
    work = work + product(l.out_type(k).shape);
  }
  l.reference(s.function, find_user_op(l.node.op, l.node.domain)->header, {}, std::move(args)).flops = work;
}

// All parameters of all signatures.
std::vector<AttributeSpec> attributes_of(const UserOp& op) {
  std::vector<AttributeSpec> out;
  for (const UserSignature& s : op.signatures)
    for (const auto& p : s.parameters) out.push_back({p.name, p.real ? AttributeKind::real : AttributeKind::integer});
  return out;
}

}  // namespace

UserOp read_user_op(const std::string& domain, const std::string& name, const std::string& header, const std::string& code) {
  UserOp out{domain == "ai.onnx" ? "" : domain, name, header, code, {}};
  Diagnostics problems;
  std::istringstream lines(code);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(mark)) continue;
    try {
      out.signatures.push_back(signature_of(trimmed(std::string_view(line).substr(mark.size()))));
    } catch (const UserError& e) {
      problems.error(fmt::format("{}: {}", escape(header), e.what()), form);
    }
  }
  if (out.signatures.empty() && !problems.failed())
    problems.error(fmt::format("{} has no line that tells what its functions take and give", escape(header)), form);
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

void define_user_op(UserOp user) {
  if (find_op(user.name, user.domain))
    throw UserError(fmt::format("there is an operator {}{}{} already", escape(user.domain), user.domain.empty() ? "" : "::", escape(user.name)));
  Defined& d = defined().emplace_back(Defined{std::move(user), {}});
  d.op.name = d.user.name;
  d.op.domain = d.user.domain;
  d.op.inputs = {{"input", any_type, Port::Arity::any}};
  d.op.max_outputs = 1 << 10;
  d.op.attributes = attributes_of(d.user);
  d.op.infer = infer_user_op;
  d.op.lower = lower;
}

const UserOp* find_user_op(std::string_view name, std::string_view domain) {
  const Defined* d = find_defined(name, domain);
  return d ? &d->user : nullptr;
}

const Op* find_defined_op(std::string_view name, std::string_view domain) {
  const Defined* d = find_defined(name, domain);
  return d ? &d->op : nullptr;
}

}  // namespace inferc
