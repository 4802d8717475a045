#include <cmath>

#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/qonnx.hpp"

namespace inferc::op_Quant {
namespace {

void infer(Infer& i) {
  qonnx::infer_rounding(i, "ROUND");
  qonnx::infer_bits(i, 3, "bitwidth");
  Shape shape;
  for (const std::size_t k : {0u, 1u, 2u}) shape = i.broadcast(shape, i.shape(k));
  i.out(0, DType::float32, shape);
}

// A mode of rounding that quantisers to fixed point have; the rest have none.
std::string fixed_rounding(const std::string& mode) {
  if (mode == "ROUND" || mode == "HALF_EVEN") return "RND_CONV";
  if (mode == "FLOOR") return "TRN";
  if (mode == "DOWN") return "TRN_ZERO";
  if (mode == "HALF_UP") return "RND_INF";
  return mode == "HALF_DOWN" ? "RND_ZERO" : "";
}

// 1 / s of elements 2^p with |p| <= 64, else nothing.
std::optional<Tensor> exact_inverse(const Value* scale) {
  if (!scale->constant || scale->constant->dtype() != DType::float32) return std::nullopt;
  Tensor out(DType::float32, scale->constant->shape());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const float s = scale->constant->as<float>()[k];
    int exponent = 0;
    if (!(s > 0) || std::frexp(s, &exponent) != 0.5f || std::abs(exponent) > 64) return std::nullopt;
    out.as<float>()[k] = 1 / s;
  }
  return out;
}

bool is_zero(const Value* v) { return v->constant && v->constant->size() == 1 && v->constant->as<float>()[0] == 0; }

// With scales 2^p and zero point 0 it is a quantiser to fixed point: x / 2^p is x * 2^-p, q * 2^p is q / 2^-p, and to clip at
// integers before rounding is to clip behind it.
bool expand_fixed(Expand& e, const qonnx::Range& r) {
  const std::string rounding = fixed_rounding(qonnx::rounding_mode(e.node, "ROUND"));
  const auto inverse = exact_inverse(e.in(1));
  if (rounding.empty() || !inverse || !is_zero(e.in(2)) || r.high >= 0x1p24) return false;
  e.give(0,
         e("Quantize", {e.in(0), e.constant(*inverse), e.real(r.low), e.real(r.high)}, {{"rounding", rounding}, {"overflow", std::string("SAT")}}, "inferc"));
  return true;
}

// (round(clip(x / scale + zero, low, high)) - zero) * scale; one signed bit: the sign of x / scale + zero.
bool expand(Expand& e) {
  const int bits = qonnx::bits(e.in(3));
  const qonnx::Range r = qonnx::range(e.node, bits, e.node.attr_int("narrow", 0));
  const bool bipolar = bits == 1 && e.node.attr_int("signed", 1) != 0;
  if (!bipolar && expand_fixed(e, r)) return true;
  Value* q = qonnx::scaled(e, e.in(0), e.in(1), e.in(2));
  q = bipolar ? e("Where", {e("GreaterOrEqual", {q, e.real(0)}), e.real(1), e.real(-1)})
              : qonnx::rounded(e, qonnx::clipped(e, q, r), qonnx::rounding_mode(e.node, "ROUND"));
  e.give(0, qonnx::rescaled(e, q, e.in(1), e.in(2)));
  return true;
}

}  // namespace

extern const Op op = {.name = "Quant",
                      .domain = qonnx::domain,
                      .inputs = {{"X", TypeSet{DType::float32}},
                                 {"scale", TypeSet{DType::float32}},
                                 {"zeropt", TypeSet{DType::float32}},
                                 {"bitwidth", TypeSet{DType::float32, DType::int32, DType::int64}}},
                      .attributes = {{"signed", AttributeKind::integer}, {"narrow", AttributeKind::integer}, {"rounding_mode", AttributeKind::string}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1, 2"};

}  // namespace inferc::op_Quant
