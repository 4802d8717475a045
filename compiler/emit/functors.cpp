#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"

namespace inferc {
namespace {

std::size_t operand_count(const Expr& e) {
  std::size_t n = e.functor.empty() && e.operand >= 0 ? static_cast<std::size_t>(e.operand) + 1 : 0;
  for (const Expr& a : e.args) n = std::max(n, operand_count(a));
  return n;
}

// The name of an operand: literals are vectors where it is one.
std::string first_leaf(const Expr& e) {
  if (e.functor.empty()) return fmt::format("x{}", e.operand);
  for (const Expr& a : e.args)
    if (std::string found = first_leaf(a); !found.empty()) return found;
  return {};
}

std::string expression(const Expr& e, const std::string& like) {
  if (e.functor.empty()) return e.operand < 0 ? "acc" : fmt::format("x{}", e.operand);
  if (e.functor == "literal") {
    const std::string value = float_literal(e.parameters[0]);
    return like.empty() ? value : fmt::format("splat<FloatLike<decltype({})>>({})", like, value);
  }
  std::string args;
  for (const Expr& a : e.args) args += (args.empty() ? "" : ", ") + expression(a, like);
  for (const double p : e.parameters) args += ", " + float_literal(p);
  return fmt::format("{}::apply({})", e.functor, args);
}

// Whether a chain of many operations is in it, which kernels take for several vectors at once (kernels/cpu/tile.hpp).
bool is_long(const Expr& e) {
  constexpr std::string_view chains[] = {"functors::erf", "functors::gelu", "functors::gelu_tanh", "functors::softplus"};
  return std::find(std::begin(chains), std::end(chains), e.functor) != std::end(chains) || std::any_of(e.args.begin(), e.args.end(), is_long);
}

}  // namespace

std::string real_literal(double v) {
  if (v != v) return "__builtin_nan(\"\")";
  if (std::isinf(v)) return v > 0 ? "__builtin_inf()" : "-__builtin_inf()";
  const std::string text = fmt::format("{}", v);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

std::string float_literal(double v) {
  const auto f = static_cast<float>(v);
  if (f != f) return "__builtin_nanf(\"\")";
  if (std::isinf(f)) return f > 0 ? "__builtin_inff()" : "-__builtin_inff()";
  const std::string text = fmt::format("{}", f);
  return text + (text.find_first_of(".e") == std::string::npos ? ".0f" : "f");
}

std::string Functors::name(const Expr& e, bool accumulator) {
  std::vector<std::string> operands;
  if (accumulator) operands.push_back("acc");
  for (std::size_t i = 0; i < operand_count(e); ++i) operands.push_back("x" + std::to_string(i));
  std::string types, parameters;
  for (const std::string& v : operands) {
    types += fmt::format("{}class T{}", types.empty() ? "" : ", ", v);
    parameters += fmt::format("{0}T{1} {1}", parameters.empty() ? "" : ", ", v);
  }
  const std::string body = (accumulator && is_long(e) ? "  static constexpr bool is_long = true;\n" : "") +
                           fmt::format("  template <{}>\n  [[gnu::always_inline]] static auto apply({}) {{\n    return {};\n  }}\n", types, parameters,
                                       expression(e, accumulator ? "acc" : first_leaf(e)));
  const auto known = std::find_if(known_.begin(), known_.end(), [&](const auto& k) { return k.first == body; });
  if (known != known_.end()) return known->second;
  known_.emplace_back(body, fmt::format("fused_{}", known_.size() + 1));
  text_ += fmt::format("struct {} {{\n{}}};\n", known_.back().second, body);
  return known_.back().second;
}

}  // namespace inferc
