#pragma once
#include <cstddef>

#include "kernels/simd.hpp"

// How an operand of a fused elementwise expression varies over rows x columns, and an expression as the epilogue of a
// kernel. `Count` is Whole for full vectors, std::size_t for the valid lanes of the last one.
namespace inferc::cpu {

struct Whole {};

template <class V>
[[gnu::always_inline]] inline V load_valid(const float* p, Whole) {
  return load<V>(p);
}
template <class V>
[[gnu::always_inline]] inline V load_valid(const float* p, std::size_t n) {
  if constexpr (sizeof(V) == sizeof(float)) return *p;
  else return load_first<V>(p, n);
}
template <class V>
[[gnu::always_inline]] inline void store_valid(float* p, V v, Whole) {
  store(p, v);
}
template <class V>
[[gnu::always_inline]] inline void store_valid(float* p, V v, std::size_t n) {
  store_first(p, v, n);
}

struct Full {  // varies with both
  const float* data;
  std::size_t stride;
  template <class V, class Count>
  [[gnu::always_inline]] V get(std::size_t row, std::size_t col, Count n) const {
    return load_valid<V>(data + row * stride + col, n);
  }
};
struct Row {  // varies with the column only: a row vector
  const float* data;
  template <class V, class Count>
  [[gnu::always_inline]] V get(std::size_t, std::size_t col, Count n) const {
    return load_valid<V>(data + col, n);
  }
};
struct Col {  // varies with the row only: a column vector
  const float* data;
  std::size_t stride;
  template <class V, class Count>
  [[gnu::always_inline]] V get(std::size_t row, std::size_t, Count) const {
    return splat<V>(data[row * stride]);
  }
};
struct Scalar {
  const float* data;
  template <class V, class Count>
  [[gnu::always_inline]] V get(std::size_t, std::size_t, Count) const {
    return splat<V>(*data);
  }
};

// Elements from `row` on down column `col` of an operand.
template <class V, class Operand>
[[gnu::always_inline]] inline V down(const Operand& x, std::size_t row, std::size_t col) {
  V v = splat<V>(x.template get<float>(row, col, std::size_t{1}));
  for (std::size_t i = 1; i < lane_count<V>; ++i) v[i] = x.template get<float>(row + i, col, std::size_t{1});
  return v;
}
template <class V>
[[gnu::always_inline]] inline V down(const Row& x, std::size_t, std::size_t col) {
  return splat<V>(x.data[col]);
}
template <class V>
[[gnu::always_inline]] inline V down(const Scalar& x, std::size_t, std::size_t) {
  return splat<V>(*x.data);
}

// An epilogue also works down a column (`down`): acc holds consecutive rows of it.
struct NoEpilogue {
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t, std::size_t, Count) const {
    return acc;
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t, std::size_t) const {
    return acc;
  }
};

// F::apply(acc, operands...) on registers, just before the store.
template <class F, class A = void, class B = void, class C = void, class D = void>
struct Epilogue;
template <class F>
struct Epilogue<F> {
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t, std::size_t, Count) const {
    return F::apply(acc);
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t, std::size_t) const {
    return F::apply(acc);
  }
};
template <class F, class A>
struct Epilogue<F, A> {
  A a;
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t row, std::size_t col, Count n) const {
    return F::apply(acc, a.template get<V>(row, col, n));
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t row, std::size_t col) const {
    return F::apply(acc, cpu::down<V>(a, row, col));
  }
};
template <class F, class A, class B>
struct Epilogue<F, A, B> {
  A a;
  B b;
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t row, std::size_t col, Count n) const {
    return F::apply(acc, a.template get<V>(row, col, n), b.template get<V>(row, col, n));
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t row, std::size_t col) const {
    return F::apply(acc, cpu::down<V>(a, row, col), cpu::down<V>(b, row, col));
  }
};
template <class F, class A, class B, class C>
struct Epilogue<F, A, B, C> {
  A a;
  B b;
  C c;
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t row, std::size_t col, Count n) const {
    return F::apply(acc, a.template get<V>(row, col, n), b.template get<V>(row, col, n), c.template get<V>(row, col, n));
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t row, std::size_t col) const {
    return F::apply(acc, cpu::down<V>(a, row, col), cpu::down<V>(b, row, col), cpu::down<V>(c, row, col));
  }
};
template <class F, class A, class B, class C, class D>
struct Epilogue {
  A a;
  B b;
  C c;
  D d;
  template <class V, class Count>
  [[gnu::always_inline]] V operator()(V acc, std::size_t row, std::size_t col, Count n) const {
    return F::apply(acc, a.template get<V>(row, col, n), b.template get<V>(row, col, n), c.template get<V>(row, col, n), d.template get<V>(row, col, n));
  }
  template <class V>
  [[gnu::always_inline]] V down(V acc, std::size_t row, std::size_t col) const {
    return F::apply(acc, cpu::down<V>(a, row, col), cpu::down<V>(b, row, col), cpu::down<V>(c, row, col), cpu::down<V>(d, row, col));
  }
};
template <class F, class... A>
constexpr Epilogue<F, A...> epilogue(A... operands) {
  return {operands...};
}

}  // namespace inferc::cpu
