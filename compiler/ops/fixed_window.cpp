#include "compiler/ops/fixed_window.hpp"

#include <fmt/format.h>

#include "compiler/ops/convolution.hpp"

namespace inferc::fixed {

window::Window window_of(const Node& n, const Shape& x) { return window::forward(n, convolution::spatial(x), window::kernel_shape(n)); }

std::optional<Dim> positions(Infer& i) {
  const Shape& x = i.shape(0);
  if (x.size() < 3 || x.size() > 2 + window::max_spatial) return i.fail(fmt::format("X has rank {}", x.size())), std::nullopt;
  if (!window::check(i, x.size() - 2, window::kernel_shape(i.node))) return std::nullopt;
  const auto out = window::out_sizes(i, window_of(i.node, x));
  return out ? std::optional(product({out->begin(), out->end()})) : std::nullopt;
}

std::vector<SizesArg> window_sizes(const window::Window& w) {
  using convolution::three;
  return {{three(w.in, 1)}, {three(w.kernel, 1)}, {three(w.out, 1)}, {three(w.stride, 1)}, {three(w.dilation, 1)}, {three(w.pad, 0)}};
}

SizesArg all_window_sizes(const window::Window& w) {
  SizesArg out;
  for (const SizesArg& part : window_sizes(w)) out.sizes.insert(out.sizes.end(), part.sizes.begin(), part.sizes.end());
  return out;
}

Operand channels_last(Lower& l) {
  std::vector<std::int64_t> permutation{0};
  for (std::int64_t d = 2; d < std::ssize(l.shape(0)); ++d) permutation.push_back(d);
  permutation.push_back(1);
  return l.dense(transpose_view(l.in(0), permutation));
}

}  // namespace inferc::fixed
