#pragma once
#include "compiler/ops/window.hpp"

// What MaxPool, AveragePool and LpPool share.
namespace inferc::pool {

[[nodiscard]] std::optional<Shape> out_shape(Infer& i);
[[nodiscard]] window::Window window_of(const Lower& l);
[[nodiscard]] Dim planes(const Lower& l);
[[nodiscard]] Dim flops(const Lower& l, const window::Window& w);
// The attributes of all three and `more`.
[[nodiscard]] std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> more);

}  // namespace inferc::pool
