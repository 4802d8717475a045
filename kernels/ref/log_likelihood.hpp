#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fault.hpp"
#include "kernels/ref/constantly.hpp"
#include "kernels/ref/sum.hpp"

namespace inferc::ref {

enum class LossReduction : unsigned char { none, sum, mean };

// loss[n, i] = -weight[c] * log_prob[n, c, i] with c = target[n, i], 0 where c is the ignored label; all of them, their
// sum, or their sum over the sum of the weights. Another c outside of the classes is a fault, found before anything is
// written.
template <class T, class I, class W>
Fault negative_log_likelihood(T* out, const T* log_prob, const I* target, W weight, std::size_t batch, std::size_t classes, std::size_t inner, bool has_ignored,
                              std::int64_t ignored, std::int64_t reduction) {
  const std::size_t n = batch * inner;
  const auto label = [&](std::size_t k) { return static_cast<std::int64_t>(target[k]); };
  const auto counts = [&](std::size_t k) { return !has_ignored || label(k) != ignored; };
  for (std::size_t k = 0; k < n; ++k)
    if (counts(k) && (label(k) < 0 || label(k) >= static_cast<std::int64_t>(classes))) return Fault::index_out_of_range;
  const auto weight_of = [&](std::size_t k) { return counts(k) ? static_cast<T>(weight[static_cast<std::size_t>(label(k))]) : T{}; };
  const auto loss = [&](std::size_t k) {
    if (!counts(k)) return T{};
    const std::size_t at = (k / inner * classes + static_cast<std::size_t>(label(k))) * inner + k % inner;
    return -log_prob[at] * weight_of(k);
  };
  if (static_cast<LossReduction>(reduction) == LossReduction::none) {
    for (std::size_t k = 0; k < n; ++k) out[k] = loss(k);
    return Fault::none;
  }
  const T total = sum<T>(n, loss);
  *out = static_cast<LossReduction>(reduction) == LossReduction::sum ? total : total / sum<T>(n, weight_of);
  return Fault::none;
}

}  // namespace inferc::ref
