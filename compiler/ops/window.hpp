#pragma once
#include "compiler/ops/op.hpp"

// Sliding windows of Conv, ConvTranspose and pooling: attributes kernel_shape, strides, dilations, pads, auto_pad,
// ceil_mode.
namespace inferc::window {

inline constexpr std::size_t max_spatial = 3;

struct Window {
  std::vector<Dim> in, kernel, out, stride, dilation, pad, pad_end;
};

// Checks the attributes for `spatial` dims with the given taps; true if they are sound.
bool check(Infer& i, std::size_t spatial, const std::vector<Dim>& kernel);
// Attribute kernel_shape, or `otherwise` if it is absent.
[[nodiscard]] std::vector<Dim> kernel_shape(const Node& n, std::vector<Dim> otherwise = {});
// The window over the spatial dims `in`; `out` may turn out negative.
[[nodiscard]] Window forward(const Node& n, std::vector<Dim> in, std::vector<Dim> kernel);
// The window of a transposed convolution: `in` is its (small) input, pad what is cut from its output.
[[nodiscard]] Window transposed(const Node& n, std::vector<Dim> in, std::vector<Dim> kernel);

// Output sizes checked: fails for one that is never positive, bounds the others below by 0.
[[nodiscard]] std::optional<std::vector<Dim>> out_sizes(Infer& i, const Window& w);
// The arguments in, kernel, out, stride, dilation, pad.
void append(std::vector<Arg>& args, const Window& w, const std::vector<Dim>& out);

// f(std::integral_constant<int, S>) for S spatial dims.
template <class F>
HostKernel by_spatial(std::size_t spatial, F f) {
  switch (spatial) {
    case 1:
      return f(std::integral_constant<int, 1>{});
    case 2:
      return f(std::integral_constant<int, 2>{});
    default:
      return f(std::integral_constant<int, 3>{});
  }
}

}  // namespace inferc::window
