#pragma once
#include "compiler/ops/window.hpp"

// What Conv and ConvTranspose share. W is [M, C / group, k...], of a transposed one [C, M / group, k...].
namespace inferc::convolution {

bool check(Infer& i, bool transposed);
[[nodiscard]] window::Window window_of(const Node& n, const Shape& x, const Shape& w, bool transposed);
Call& lower(Lower& l, const std::string& kernel, HostKernel host, bool transposed);
[[nodiscard]] Op op(std::string_view name, void (*infer)(Infer&), void (*lower)(Lower&), std::string_view versions);

}  // namespace inferc::convolution
