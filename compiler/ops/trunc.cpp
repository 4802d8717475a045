#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/qonnx.hpp"

namespace inferc::op_Trunc {
namespace {

// Version 1: X, scale, zeropt, in_bitwidth, out_bitwidth. Version 2: X, scale, zeropt, in_bitwidth, out_scale, out_zeropt, out_bitwidth.
bool is_newer(const Node& n) { return n.inputs.size() == 7; }

void infer(Infer& i) {
  if (i.node.inputs.size() != 5 && !is_newer(i.node)) {
    i.fail(fmt::format("{} inputs, 5 (version 1) or 7 (version 2) are defined", i.node.inputs.size()));
    return;
  }
  qonnx::infer_rounding(i, "FLOOR");
  qonnx::infer_bits(i, 3, "in_bitwidth");
  qonnx::infer_bits(i, i.node.inputs.size() - 1, "out_bitwidth");
  if (is_newer(i.node) && (!i.node.in(1)->constant || !i.node.in(4)->constant || !product(i.shape(1)).is(1) || !product(i.shape(4)).is(1)))
    i.fail("scales are supported where they are numbers known before run time", "export them as initialisers of one element");
  Shape shape;
  for (const std::size_t k : {0u, 1u, 2u}) shape = i.broadcast(shape, i.shape(k));
  i.out(0, DType::float32, shape);
}

double number(const Value* v) { return static_cast<double>(v->constant->as<float>()[0]); }

// How many times coarser the result is, a power of two.
double coarsening(const Node& n) {
  if (!is_newer(n)) return std::ldexp(1, qonnx::bits(n.in(3)) - qonnx::bits(n.in(4)));
  return std::exp2(std::nearbyint(std::log2(number(n.in(4)) / number(n.in(1)))));
}

// Version 1: (round(half_even(x / scale + zero) / 2^(in - out)) - zero) * scale. Version 2 clips before the second rounding, and
// takes zero / 2^p off again, in units of out_scale.
bool expand(Expand& e) {
  Value* factor = e.real(coarsening(e.node));
  Value* q = e("Div", {e("Round", {qonnx::scaled(e, e.in(0), e.in(1), e.in(2))}), factor});
  const bool newer = is_newer(e.node);
  if (newer) q = qonnx::clipped(e, q, qonnx::range(e.node, qonnx::bits(e.in(6)), e.node.attr_int("narrow", 0)));
  q = qonnx::rounded(e, q, qonnx::rounding_mode(e.node, "FLOOR"));
  Value* zero = newer ? e("Div", {e.in(2), factor}) : e.in(2);
  e.give(0, qonnx::rescaled(e, q, newer ? e.in(4) : e.in(1), zero));
  return true;
}

}  // namespace

extern const Op op = {.name = "Trunc",
                      .domain = qonnx::domain,
                      .inputs = {{"X", TypeSet{DType::float32}},
                                 {"scale", TypeSet{DType::float32}},
                                 {"zeropt", TypeSet{DType::float32}},
                                 {"bitwidths and scales", TypeSet{DType::float32, DType::int32, DType::int64}, Port::Arity::variadic}},
                      .attributes = {{"rounding_mode", AttributeKind::string}, {"signed", AttributeKind::integer}, {"narrow", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1, 2"};

}  // namespace inferc::op_Trunc
