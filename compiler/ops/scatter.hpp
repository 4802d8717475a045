#pragma once
#include "compiler/ops/op.hpp"
#include "kernels/ref/scatter.hpp"

// What the scatter operators share: the functor that joins an update with the element it meets.
namespace inferc::scatter {

// Attribute `reduction`: none, add, mul, max or min; fails for another one, or for bool beside none.
bool check_reduction(Infer& i);
[[nodiscard]] std::string functor(const Node& node);  // "functors::add"

// make(tag) with the functor's type and the element type as std::type_identity.
template <class Make>
HostKernel by_reduction(const Node& node, DType dtype, Make make) {
  const std::string reduction = node.attr("reduction", std::string("none"));
  const auto with = [&]<class F>(std::type_identity<F> f) {
    return by_dtype(dtype, NumericTypes{}, [&]<class T>(std::type_identity<T> t) { return make(f, t); });
  };
  if (reduction == "add") return with(std::type_identity<functors::add>{});
  if (reduction == "mul") return with(std::type_identity<functors::mul>{});
  if (reduction == "max") return with(std::type_identity<functors::max>{});
  if (reduction == "min") return with(std::type_identity<functors::min>{});
  return by_dtype(dtype, AllTypes{}, [&]<class T>(std::type_identity<T> t) { return make(std::type_identity<functors::second>{}, t); });
}

}  // namespace inferc::scatter
