#include "compiler/ops/qonnx.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

namespace inferc::qonnx {
namespace {

constexpr std::array modes{"ROUND", "HALF_EVEN", "CEIL", "FLOOR", "UP", "DOWN", "HALF_UP", "HALF_DOWN"};

std::optional<double> number(const Value* v) {
  if (!v || !v->constant || v->constant->size() != 1) return std::nullopt;
  if (v->constant->dtype() == DType::float32) return static_cast<double>(v->constant->as<float>()[0]);
  if (v->constant->dtype() == DType::int32) return v->constant->as<std::int32_t>()[0];
  if (v->constant->dtype() == DType::int64) return static_cast<double>(v->constant->as<std::int64_t>()[0]);
  return std::nullopt;
}

// m with the sign of v.
Value* with_sign(Expand& e, Value* m, Value* v) { return e("Mul", {m, e("Sign", {v})}); }

}  // namespace

std::string rounding_mode(const Node& n, const char* otherwise) {
  std::string mode = n.attr("rounding_mode", std::string(otherwise));
  std::transform(mode.begin(), mode.end(), mode.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return mode == "TRUNCATE" ? "DOWN" : mode;  // as PQuantML calls it
}

void infer_rounding(Infer& i, const char* otherwise) {
  const std::string mode = rounding_mode(i.node, otherwise);
  if (std::find(modes.begin(), modes.end(), mode) != modes.end()) return;
  i.fail(fmt::format("rounding_mode '{}' is not defined", escape(mode)), "ROUND, HALF_EVEN, CEIL, FLOOR, UP, DOWN, HALF_UP and HALF_DOWN are");
}

Value* rounded(Expand& e, Value* v, const std::string& mode) {
  if (mode == "CEIL" || mode == "FLOOR") return e(mode == "CEIL" ? "Ceil" : "Floor", {v});
  if (mode == "ROUND" || mode == "HALF_EVEN") return e("Round", {v});
  Value* m = e("Abs", {v});
  if (mode == "UP" || mode == "DOWN") return with_sign(e, e(mode == "UP" ? "Ceil" : "Floor", {m}), v);
  if (mode == "HALF_UP") return with_sign(e, e("Floor", {e("Add", {m, e.real(0.5)})}), v);
  return with_sign(e, e("Ceil", {e("Sub", {m, e.real(0.5)})}), v);
}

void infer_bits(Infer& i, std::size_t k, std::string_view what) {
  const auto b = number(i.node.in(k));
  if (b && *b == std::floor(*b) && *b >= 1 && *b <= 32) return;
  i.fail(
      fmt::format("input '{}' {}", what, b ? fmt::format("is {}, whole numbers from 1 to 32 are supported", *b) : "is no number that is known before run time"),
      "export it as an initialiser of one element");
}

int bits(const Value* v) { return static_cast<int>(number(v).value_or(0)); }

Range range(const Node& n, int bits, std::int64_t narrow) {
  if (n.attr_int("signed", 1) == 0) return {0, std::ldexp(1, bits) - (narrow != 0 ? 2 : 1)};
  return {-std::ldexp(1, bits - 1) + (narrow != 0 ? 1 : 0), std::ldexp(1, bits - 1) - 1};
}

Value* clipped(Expand& e, Value* v, const Range& r) { return e("Clip", {v, e.real(r.low), e.real(r.high)}); }

Value* scaled(Expand& e, Value* v, Value* scale, Value* zero) {
  Value* y = e("Div", {v, scale});
  return number(zero) == 0.0 ? y : e("Add", {y, zero});
}

Value* rescaled(Expand& e, Value* v, Value* scale, Value* zero) { return e("Mul", {number(zero) == 0.0 ? v : e("Sub", {v, zero}), scale}); }

}  // namespace inferc::qonnx
