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
// X copied with its channels last and `pad` zeros before its `in` sizes, the call of a kernel on that, and its output
// turned back. `extra` follows the sizes among the arguments. W must be a constant of float32.
void lower_channels_last(Lower& l, const std::string& kernel, const std::string& header, const window::Window& w, std::vector<Dim> in,
                         const std::vector<Dim>& pad, std::vector<Arg> extra, bool transposed);
[[nodiscard]] std::vector<Dim> three(std::vector<Dim> v, const Dim& fill);  // with leading `fill`
[[nodiscard]] Dim flops(const Lower& l, bool transposed);
[[nodiscard]] std::vector<Dim> spatial(const Shape& s);
[[nodiscard]] std::vector<AttributeSpec> attributes();
[[nodiscard]] Op op(std::string_view name, void (*infer)(Infer&), void (*lower)(Lower&), std::string_view versions);

}  // namespace inferc::convolution
