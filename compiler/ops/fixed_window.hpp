#pragma once
#include "compiler/ops/fixed.hpp"
#include "compiler/ops/window.hpp"

// What the operators have in common whose result is [N, positions, ...] of an image X [N, channels, ...] of integers: sliding windows, attributes
// as those of Conv and MaxPool.
namespace inferc::fixed {

// The window over X by attribute kernel_shape.
[[nodiscard]] window::Window window_of(const Node& n, const Shape& x);
// Checks rank and attributes; how many positions there are.
[[nodiscard]] std::optional<Dim> positions(Infer& i);
// Input, kernel, output, strides, dilations, pads before of three spatial dims, leading ones of size 1.
[[nodiscard]] std::vector<SizesArg> window_sizes(const window::Window& w);
// The same as one list.
[[nodiscard]] SizesArg all_window_sizes(const window::Window& w);
// X as [N, ..., channels], copied where its channels do not follow each other.
[[nodiscard]] Operand channels_last(Lower& l);

}  // namespace inferc::fixed
