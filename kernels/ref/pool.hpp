#pragma once
#include "kernels/ref/reduce.hpp"
#include "kernels/ref/window.hpp"

// Pooling over `planes` = batch * channels spatial planes.
namespace inferc::ref {

// The largest element of each window (NaN is the largest; the first of equal ones) and its index in the whole input,
// its spatial dims counted column-major if `column_major`.
template <class T, int S>
void max_pool(T* out, std::int64_t* indices, const T* x, std::size_t planes, bool column_major, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size,
              Sizes<S> stride, Sizes<S> dilation, Sizes<S> pad) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t plane = elements(in), out_plane = elements(out_size);
  for (std::size_t p = 0; p < planes; ++p)
    for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
      T best = lowest<T>();
      bool any = false;
      std::size_t best_at = 0;
      for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t) {
        std::size_t at = 0;
        if (!window.find(o, k, at)) return;
        const T v = x[p * plane + at];
        if (any && !(v > best || (v != v && best == best))) return;
        best = v;
        any = true;
        best_at = at;
        if (!column_major) return;
        best_at = 0;
        for (int d = S; d-- > 0;) best_at = best_at * static_cast<std::size_t>(in.value[d]) + static_cast<std::size_t>(window.position(o, k, d));
      });
      out[p * out_plane + o_flat] = best;
      indices[p * out_plane + o_flat] = static_cast<std::int64_t>(p * plane + best_at);
    });
}

// The mean of each window over its elements inside of the input, or inside of input and padding.
template <class T, int S>
void average_pool(T* out, const T* x, std::size_t planes, bool include_pad, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation,
                  Sizes<S> pad, Sizes<S> pad_end) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t plane = elements(in), out_plane = elements(out_size);
  for (std::size_t p = 0; p < planes; ++p)
    for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
      Sum<T> sum;
      std::size_t count = 0;
      for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t) {
        std::size_t at = 0;
        const bool inside = window.find(o, k, at);
        bool padded = include_pad;
        for (int d = 0; d < S; ++d) padded &= window.position(o, k, d) < in.value[d] + pad_end.value[d];
        if (inside) sum.add(x[p * plane + at]);
        count += inside || padded;
      });
      out[p * out_plane + o_flat] = sum.total() / static_cast<T>(count);
    });
}

// (sum |x|^p)^(1/p) over each window's elements inside of the input.
template <class T, int S>
void lp_pool(T* out, const T* x, std::size_t planes, std::int64_t power, Sizes<S> in, Sizes<S> kernel, Sizes<S> out_size, Sizes<S> stride, Sizes<S> dilation,
             Sizes<S> pad) {
  const Window<S> window{in, kernel, out_size, stride, dilation, pad};
  const std::size_t plane = elements(in), out_plane = elements(out_size);
  const auto e = static_cast<T>(power);
  for (std::size_t p = 0; p < planes; ++p)
    for_each_position(out_size, [&](const std::size_t(&o)[S], std::size_t o_flat) {
      Sum<T> sum;
      for_each_position(kernel, [&](const std::size_t(&k)[S], std::size_t) {
        std::size_t at = 0;
        if (!window.find(o, k, at)) return;
        const T v = functors::abs::apply(x[p * plane + at]);
        sum.add(power == 1 ? v : functors::pow::apply(v, e));
      });
      const T total = sum.total();
      out[p * out_plane + o_flat] = power == 1 ? total : power == 2 ? functors::sqrt::apply(total) : functors::pow::apply(total, T{1} / e);
    });
}

}  // namespace inferc::ref
