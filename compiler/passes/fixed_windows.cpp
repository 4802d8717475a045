#include "compiler/passes/fixed_windows.hpp"

#include <algorithm>

namespace inferc {

FixedWindows fixed_windows(std::int64_t groups, std::int64_t filters, std::int64_t channels) {
  if (groups <= 4 || filters <= 16) return FixedWindows::matrix;
  return filters == groups && channels == 1 ? FixedWindows::depthwise : FixedWindows::none;
}

Tensor filter_matrix(const Tensor& w, std::size_t groups) {
  const auto filters = static_cast<std::size_t>(w.shape()[0]), channels = static_cast<std::size_t>(w.shape()[1]), taps = w.size() / (filters * channels);
  Tensor out(DType::float32, {static_cast<std::int64_t>(taps * channels * groups), static_cast<std::int64_t>(filters)});
  for (std::size_t f = 0; f < filters; ++f)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < taps; ++t)
        out.as<float>()[(t * channels * groups + f / (filters / groups) * channels + c) * filters + f] = w.as<float>()[(f * channels + c) * taps + t];
  return out;
}

std::optional<std::vector<std::int64_t>> averaged_window(const Node& n) {
  const Shape& s = n.in(0)->type->shape;
  const auto pads = n.attr("pads", std::vector<std::int64_t>{});
  const std::string padding = n.attr("auto_pad", std::string("NOTSET"));
  if (s.size() < 3 || std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; })) return std::nullopt;
  if (n.attr_int("ceil_mode", 0) != 0 || (padding != "NOTSET" && padding != "VALID")) return std::nullopt;
  if (n.is("AveragePool")) return n.attr("kernel_shape", std::vector<std::int64_t>{});
  std::vector<std::int64_t> out;
  for (std::size_t d = 2; d < s.size(); ++d) out.push_back(s[d].constant().value_or(0));
  return out;
}

}  // namespace inferc
