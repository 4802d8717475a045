#include "kernels/ref/causal_conv.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_CausalConvWithState {
namespace {

enum : std::size_t { input, weight, bias, past };

std::string activation(const Node& n) { return n.attr("activation", std::string("none")); }

void infer(Infer& i) {
  const std::string a = activation(i.node);
  if (a != "none" && a != "silu" && a != "swish") {
    i.fail(fmt::format("activation '{}' is not defined", escape(a)), "none, silu and swish are");
    return;
  }
  if (i.rank(input) != 3 || i.rank(weight) != 3 || (i.has(bias) && i.rank(bias) != 1) || (i.has(past) && i.rank(past) != 3)) {
    i.fail(fmt::format("the input is {} and the weight {}: ranks 3, 3, 1 (bias) and 3 (past_state) are defined", text(i.type(input)), text(i.type(weight))));
    return;
  }
  const Shape &x = i.shape(input), &w = i.shape(weight);
  static_cast<void>(i.unify(w[0], x[1]));
  static_cast<void>(i.unify(w[1], Dim(1)));
  if (i.has(bias)) static_cast<void>(i.unify(i.shape(bias)[0], x[1]));
  if (!i.symbols().provably_le(Dim(1), w[2])) i.fail(fmt::format("the weight is {}, it needs a tap", text(i.type(weight))));
  const Shape state{x[0], x[1], w[2] - Dim(1)};
  for (std::size_t d = 0; i.has(past) && d < 3; ++d) static_cast<void>(i.unify(i.shape(past)[d], state[d]));
  i.out(0, i.dtype(0), x);
  i.out(1, i.dtype(0), state);
}

HostKernel host_kernel(const Lower& l) {
  using None = ref::Constantly<0>;
  return by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    if (l.has(bias)) return l.has(past) ? host(&ref::causal_conv<T, const T*, const T*>) : host(&ref::causal_conv<T, const T*, None>);
    return l.has(past) ? host(&ref::causal_conv<T, None, const T*>) : host(&ref::causal_conv<T, None, None>);
  });
}

void lower(Lower& l) {
  const Shape &x = l.shape(input), &w = l.shape(weight);
  const Operand state = l.node.out(1) ? l.out_dense(1) : l.temporary(l.type(0).dtype, {x[0], x[1], w[2] - Dim(1)});
  const auto given = [&](std::size_t k) { return l.has(k) ? read(l.in_dense(k)) : Arg(TypeArg{"ref::Constantly<0>{}"}); };
  l.reference("ref::causal_conv", "kernels/ref/causal_conv.hpp", host_kernel(l),
              {write(l.out_dense()), write(state), read(l.in_dense(input)), read(l.in_dense(weight)), given(bias), given(past), runtime_size(x[0]),
               runtime_size(x[1]), runtime_size(x[2]), runtime_size(w[2]), flag(activation(l.node) != "none")})
      .flops = Dim(2) * product(x) * w[2];
}

}  // namespace

extern const Op op = {.name = "CausalConvWithState",
                      .inputs = {{"input", types::floats, Port::Arity::required, 'T'},
                                 {"weight", types::floats, Port::Arity::required, 'T'},
                                 {"bias", types::floats, Port::Arity::optional, 'T'},
                                 {"past_state", types::floats, Port::Arity::optional, 'T'}},
                      .max_outputs = 2,
                      .attributes = {{"activation", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "27"};

}  // namespace inferc::op_CausalConvWithState
