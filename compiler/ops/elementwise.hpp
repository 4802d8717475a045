#pragma once
#include <string>

#include "compiler/ops/op.hpp"
#include "kernels/functors.hpp"
#include "kernels/ref/map.hpp"

// What the operator files of elementwise operators share: type rules, partial data and the reference call.
namespace inferc::elementwise {

enum class Result : unsigned char { same, boolean };
using OnDims = std::optional<Dim> (*)(const Dim&, const Dim&, const Symbols&);

// Shape of the output: all inputs broadcast together.
Shape broadcast_all(Infer& i);
void infer_as(Infer& i, Result result);
// Partial data of an operator on integers, operand by operand from the left.
void infer_content(Infer& i, OnDims on_dims);
Operand broadcast_in(Lower& l, std::size_t i);
bool on_floats(const Node& n);                      // first operand
bool two_inputs(const Node& n);                     // two floating-point operands
bool known_nonzero(const Lower& l, std::size_t i);  // a constant integer operand without a zero
// One functor over all inputs as cpu::map; false where the functor does not stand for the node.
bool lower_fast(Lower& l);

// `on_dims`: an OnDims, or null.
template <Result result, auto on_dims>
void infer(Infer& i) {
  infer_as(i, result);
  if constexpr (!std::is_null_pointer_v<decltype(on_dims)>) infer_content(i, on_dims);
}

template <class F, class O, class A>
HostKernel host1(std::size_t parameters) {
  if (parameters == 2) {
    if constexpr (requires(A a) { F::apply(a, 0.0f, 0.0f); }) return host(&ref::map1<F, O, A, max_rank, 2>);
  } else if (parameters == 1) {
    if constexpr (requires(A a) { F::apply(a, 0.0f); }) return host(&ref::map1<F, O, A, max_rank, 1>);
  } else if constexpr (requires(A a) { F::apply(a); }) {
    return host(&ref::map1<F, O, A, max_rank, 0>);
  }
  internal_error("a functor does not take these parameters");
}

// out = F(in), element types from `Set`; the result is bool or the input's type.
template <class F, class Set>
Call& lower1(Lower& l, std::string functor, std::vector<double> parameters) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, Set{}, [&]<class T>(std::type_identity<T>) {
    return l.out_type().dtype == DType::boolean && !std::is_same_v<T, bool> ? host1<F, bool, T>(parameters.size()) : host1<F, T, T>(parameters.size());
  });
  Call& c = l.reference("ref::map1", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(l.in(0)), ParamsArg{std::move(parameters)}});
  c.template_args = {std::move(functor)};
  c.in_place = {{0, 1}};
  return c;
}

template <class F, class Set, Result result>
Call& lower2(Lower& l, std::string functor) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, Set{}, [&]<class T>(std::type_identity<T>) {
    using O = std::conditional_t<result == Result::boolean, bool, T>;
    return host(&ref::map2<F, O, T, T, max_rank>);
  });
  Call& c = l.reference("ref::map2", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(broadcast_in(l, 0)), read_view(broadcast_in(l, 1))});
  c.template_args = {std::move(functor)};
  c.in_place = {{0, 1}, {0, 2}};
  return c;
}

// out = F(F(in 0, in 1), in 2) ..., element types from `Set`; one input passes unchanged.
template <class F, class Set>
void lower_variadic(Lower& l, const std::string& functor) {
  if (l.node.inputs.size() == 1) return l.view(0, l.in(0));
  const HostKernel kernel = by_dtype(l.type(0).dtype, Set{}, []<class T>(std::type_identity<T>) { return host(&ref::map2<F, T, T, T, max_rank>); });
  for (std::size_t k = 1; k < l.node.inputs.size(); ++k) {
    const Operand left = k == 1 ? broadcast_in(l, 0) : l.out();
    Call& c = l.reference("ref::map2", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(left), read_view(broadcast_in(l, k))});
    c.template_args = {functor};
    c.in_place = {{0, 1}, {0, 2}};
    c.flops = product(l.out_type().shape);
  }
}

// Integer division and remainder: a zero divisor is a fault unless the divisor is known to have none.
template <class F>
void lower_division(Lower& l, const std::string& functor) {
  if (known_nonzero(l, 1)) return void(lower2<F, IntegerTypes, Result::same>(l, functor));
  const HostKernel kernel = by_dtype(l.type(0).dtype, IntegerTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::divide<F, T, max_rank>); });
  Call& c = l.reference("ref::divide", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(broadcast_in(l, 0)), read_view(broadcast_in(l, 1))});
  c.template_args = {functor};
  c.may_fault = true;
}

}  // namespace inferc::elementwise
