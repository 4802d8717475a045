#pragma once
#include "compiler/ops/op.hpp"
#include "kernels/ref/recurrent.hpp"

// What RNN, GRU and LSTM share: shapes, layout, directions, activations. Inputs X, W, R, B, sequence_lens, initial_h
// stand at the same places in all three.
namespace inferc::recurrent {

struct Kind {
  std::int64_t gates = 1;
  std::size_t activations = 1;                   // per direction
  std::vector<std::string> default_activations;  // of one direction
};

void infer(Infer& i, const Kind& kind);

// The operands of one direction, as views of rank 3 (kernels/ref/recurrent.hpp).
struct Direction {
  Operand y, h, x, w, r, bias, h0;
  Arg lengths = PointerArg{};
  bool reverse = false;
  std::vector<Arg> sizes, activations;  // seq, batch, input, hidden, reverse; kinds, alphas, betas, clip
  Dim seq, batch, input, hidden;
};
[[nodiscard]] std::size_t directions(const Node& n);
[[nodiscard]] Direction direction(Lower& l, std::size_t index, const Kind& kind);
// A state operand [directions, batch, hidden] (or layout 1) of one direction; zeros, or scratch, where it is omitted.
[[nodiscard]] Operand state_in(Lower& l, std::size_t input, std::size_t index, const Direction& d);
[[nodiscard]] Operand state_out(Lower& l, std::size_t output, std::size_t index, const Direction& d);
[[nodiscard]] Operand zeros(Lower& l, const Shape& shape);
// Kinds, alphas, betas and clip of one direction.
[[nodiscard]] std::vector<Arg> activation_args(const Node& n, std::size_t index, const Kind& kind);
// GRU and LSTM of float with constant weights: false for sequence_lens, peepholes, clip, layout 1, other activations.
bool lower_fast(Lower& l, const Kind& kind);
[[nodiscard]] Dim flops(const Direction& d, const Kind& kind);
[[nodiscard]] std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> more);
[[nodiscard]] std::vector<Port> ports();

// f(type_identity<T>, type_identity<Lengths>).
template <class F>
HostKernel by_type(const Lower& l, F f) {
  return by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T> t) {
    return l.has(4) ? f(t, std::type_identity<const std::int32_t*>{}) : f(t, std::type_identity<ref::AllSteps>{});
  });
}

}  // namespace inferc::recurrent
