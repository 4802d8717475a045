#pragma once
#include "compiler/ops/window.hpp"

// What Conv and ConvTranspose share. W is [M, C / group, k...], of a transposed one [C, M / group, k...].
namespace inferc::convolution {

// Where X, W and B stand among the inputs.
struct Places {
  std::size_t x = 0, w = 1, bias = 2;
};

bool check(Infer& i, bool transposed, const Places& at = {});
[[nodiscard]] window::Window window_of(const Node& n, const Shape& x, const Shape& w, bool transposed);
Call& lower(Lower& l, const std::string& kernel, HostKernel host, bool transposed);
// Groups, input channels and filters per group.
struct Channels {
  Dim groups, channels, filters;
};
[[nodiscard]] Channels channels(const Node& n, const Shape& w, bool transposed);
[[nodiscard]] std::vector<Dim> spatial(const Shape& s);
[[nodiscard]] std::vector<AttributeSpec> attributes();
[[nodiscard]] Op op(std::string_view name, void (*infer)(Infer&), void (*lower)(Lower&), std::string_view versions);

}  // namespace inferc::convolution
