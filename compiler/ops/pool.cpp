#include "compiler/ops/pool.hpp"

#include <fmt/format.h>

namespace inferc::pool {

std::optional<Shape> out_shape(Infer& i) {
  const Shape& x = i.shape(0);
  if (x.size() < 3) return i.fail(fmt::format("X has rank {}, at least 3 is defined", x.size())), std::nullopt;
  const std::vector<Dim> kernel = window::kernel_shape(i.node);
  if (!window::check(i, x.size() - 2, kernel)) return std::nullopt;
  const auto out = window::out_sizes(i, window::forward(i.node, {x.begin() + 2, x.end()}, kernel));
  if (!out) return std::nullopt;
  Shape shape{x[0], x[1]};
  shape.insert(shape.end(), out->begin(), out->end());
  return shape;
}

window::Window window_of(const Lower& l) {
  const Shape& x = l.shape(0);
  return window::forward(l.node, {x.begin() + 2, x.end()}, window::kernel_shape(l.node));
}

Dim planes(const Lower& l) { return l.shape(0)[0] * l.shape(0)[1]; }

Dim flops(const Lower& l, const window::Window& w) { return product(l.out_type().shape) * product(w.kernel); }

std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> more) {
  more.insert(more.end(), {{"auto_pad", AttributeKind::string},
                           {"ceil_mode", AttributeKind::integer},
                           {"dilations", AttributeKind::integers},
                           {"kernel_shape", AttributeKind::integers},
                           {"pads", AttributeKind::integers},
                           {"strides", AttributeKind::integers}});
  return more;
}

}  // namespace inferc::pool
