#pragma once
#include "kernels/cpu/fold.hpp"
#include "kernels/dim.hpp"

// Reductions of float along one axis, the same bits as kernels/ref/reduce.hpp (the sign of a zero that is the largest
// or smallest apart). A prologue is applied to each element first.
namespace inferc::cpu {

// What each reduction folds: element() before, `fold` from `neutral`, result() of n elements after.
struct reduce_sum {
  using fold = functors::add;
  static constexpr float neutral = 0;
  template <class V>
  [[gnu::always_inline]] static V element(V x) {
    return x;
  }
  template <class V>
  [[gnu::always_inline]] static V result(V total, std::size_t) {
    return total;
  }
};
struct reduce_mean : reduce_sum {
  template <class V>
  [[gnu::always_inline]] static V result(V total, std::size_t n) {
    return total / splat<V>(static_cast<float>(n));
  }
};
struct reduce_prod : reduce_sum {
  using fold = functors::mul;
  static constexpr float neutral = 1;
};
struct reduce_max : reduce_sum {
  using fold = functors::max;
  static constexpr float neutral = -__builtin_inff();
};
struct reduce_min : reduce_sum {
  using fold = functors::min;
  static constexpr float neutral = __builtin_inff();
};
struct reduce_l1 : reduce_sum {
  template <class V>
  [[gnu::always_inline]] static V element(V x) {
    return functors::abs::apply(x);
  }
};
struct reduce_sum_square : reduce_sum {
  template <class V>
  [[gnu::always_inline]] static V element(V x) {
    return x * x;
  }
};
struct reduce_l2 : reduce_sum_square {
  template <class V>
  [[gnu::always_inline]] static V result(V total, std::size_t) {
    return inferc::sqrt(total);
  }
};
struct reduce_log_sum : reduce_sum {
  template <class V>
  [[gnu::always_inline]] static V result(V total, std::size_t) {
    return functors::log::apply(total);
  }
};

// out[row] = reduction over the n elements of each row of `in`.
template <class R, class B, class E, class LDI, class N, class Prologue>
void reduce_rows(Range<B, E> rows, float* out, const float* in, LDI ldi, N n, Prologue prologue) {
  for (std::size_t row = rows.begin; row < rows.end; ++row) {
    const float* x = in + row * ldi;
    const float total = fold_row<typename R::fold>(n, R::neutral, [&](std::size_t j, auto count) {
      F32x16 v = prepared(load16(x + j, count), prologue, row, j, count);
      for (int i = 0; i < F32x16::parts; ++i) v.part[i] = R::element(v.part[i]);
      return v;
    });
    out[row] = R::result(total, n);
  }
}

// out[o, i] = reduction over the middle axis of [outer, n, inner]; the prologue's rows are o * n + j.
template <class R, class B, class E, class Prologue>
void reduce_columns(Range<B, E> outer, float* out, const float* in, std::size_t n, std::size_t inner, Prologue prologue) {
  for (std::size_t o = outer.begin; o < outer.end; ++o)
    for_each_column(inner, [&](std::size_t i, auto count) {
      const Vec total = fold_columns<typename R::fold, Vec>(n, R::neutral, [&](std::size_t j) {
        const Vec v = load_valid<Vec>(in + (o * n + j) * inner + i, count);
        return R::element(Vec(prologue(v, o * n + j, i, count)));
      });
      store_valid(out + o * inner + i, R::result(total, n), count);
    });
}

}  // namespace inferc::cpu
