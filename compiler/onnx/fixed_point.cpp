#include "compiler/onnx/fixed_point.hpp"

#include <array>
#include <map>
#include <vector>

#include <fmt/format.h>

namespace inferc::onnx {
namespace {

// What a rounding computes of v = x * scale. RND of ap_fixed: ties up; RND_CONV: to even; and so on.
struct Rounding {
  std::string_view name, formula;
};
constexpr std::array roundings{Rounding{"TRN", "Floor(v)"},
                               Rounding{"RND", "Floor(Add(v,0.5))"},
                               Rounding{"RND_CONV", "Round(v)"},
                               Rounding{"TRN_ZERO", "Mul(Floor(Abs(v)),Sign(v))"},
                               Rounding{"RND_INF", "Mul(Floor(Add(Abs(v),0.5)),Sign(v))"},
                               Rounding{"RND_ZERO", "Mul(Ceil(Sub(Abs(v),0.5)),Sign(v))"},
                               Rounding{"RND_MIN_INF", "Ceil(Sub(v,0.5))"}};

struct Overflow {
  std::string_view name, formula;
};
constexpr std::string_view clipped = "Max(Min(r,high),low)";
constexpr std::array overflows{Overflow{"SAT", clipped}, Overflow{"SAT_SYM", clipped},
                               Overflow{"WRAP", "Sub(r,Mul(Floor(Div(Sub(r,low),Add(Sub(high,low),1))),Add(Sub(high,low),1)))"}};

// Each `name` that stands alone in `formula` becomes `by`.
std::string with(std::string_view formula, char name, const std::string& by) {
  std::string out;
  for (std::size_t i = 0; i < formula.size(); ++i) {
    const auto is_letter = [&](std::size_t k) { return k < formula.size() && std::isalpha(static_cast<unsigned char>(formula[k])) != 0; };
    if (formula[i] == name && !is_letter(i + 1) && (i == 0 || !is_letter(i - 1))) out += by;
    else out += formula[i];
  }
  return out;
}

constexpr std::size_t longest = 4096;

std::optional<std::string> number(const Node& n) {
  if (n.attributes.size() != 1) return std::nullopt;
  const Attribute& a = n.attributes[0];
  if (a.kind == Attribute::Kind::real) return fmt::format("{}", a.real);
  if (a.kind == Attribute::Kind::tensor && a.tensor.dtype() == DType::float32 && a.tensor.size() == 1) return fmt::format("{}", a.tensor.as<float>()[0]);
  return std::nullopt;
}

// The body as one formula over the names of the canonical inputs, whatever its values are called.
std::optional<std::string> formula_of(const Function& f) {
  constexpr std::array names{"x", "scale", "low", "high"};
  if (f.inputs.size() != names.size() || f.outputs.size() != 1 || !f.attributes.empty()) return std::nullopt;
  std::map<std::string, std::string> values;
  for (std::size_t i = 0; i < names.size(); ++i) values[f.inputs[i]] = names[i];
  for (const Node& n : f.nodes) {
    if (!n.domain.empty() || n.outputs.size() != 1) return std::nullopt;
    if (n.op_type == "Constant") {
      const auto value = number(n);
      if (!value) return std::nullopt;
      values[n.outputs[0]] = *value;
      continue;
    }
    std::string text = n.op_type + "(";
    for (const std::string& name : n.inputs) {
      const auto at = values.find(name);
      if (at == values.end() || !n.attributes.empty()) return std::nullopt;
      text += (text.back() == '(' ? "" : ",") + at->second;
    }
    if (text.size() > longest) return std::nullopt;
    values[n.outputs[0]] = text + ")";
  }
  return values[f.outputs[0]];
}

}  // namespace

std::optional<Quantiser> quantiser_of(const Function& f) {
  if (f.domain != "inferc.fixed") return std::nullopt;
  for (const Rounding& r : roundings)
    for (const Overflow& o : overflows)
      if (f.name == fmt::format("Quantize_{}_{}", r.name, o.name)) {
        const std::string rounded = with(r.formula, 'v', "Mul(x,scale)");
        const std::string canonical = fmt::format("Div({},scale)", with(o.formula, 'r', rounded));
        return Quantiser{std::string(r.name), std::string(o.name), formula_of(f) == canonical};
      }
  return std::nullopt;
}

}  // namespace inferc::onnx
