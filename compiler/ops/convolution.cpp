#include "compiler/ops/convolution.hpp"

#include <fmt/format.h>

namespace inferc::convolution {
namespace {

std::int64_t groups(const Node& n) { return n.attr_int("group", 1); }

bool check_bias(Infer& i, std::size_t at, const Dim& filters) {
  if (!i.has(at)) return true;
  if (i.rank(at) != 1) return i.fail(fmt::format("B has rank {}, 1 is defined", i.rank(at)));
  static_cast<void>(i.unify(i.shape(at)[0], filters));
  return !i.failed();
}

}  // namespace

std::vector<Dim> spatial(const Shape& s) { return {s.begin() + 2, s.end()}; }

bool check(Infer& i, bool transposed, const Places& at) {
  const Shape &x = i.shape(at.x), &w = i.shape(at.w);
  if (x.size() < 3 || x.size() != w.size()) return i.fail(fmt::format("X has rank {} and W rank {}, equal ranks of at least 3 are defined", x.size(), w.size()));
  const std::vector<Dim> kernel = window::kernel_shape(i.node, spatial(w));
  if (!window::check(i, x.size() - 2, kernel)) return false;
  if (kernel != spatial(w)) return i.fail("attribute 'kernel_shape' differs from the shape of W");
  const std::int64_t g = groups(i.node);
  if (g < 1 || !divided(w[0], g)) return i.fail(fmt::format("{} rows of W do not divide into {} groups", w[0].text(), g));
  static_cast<void>(i.unify(x[1], transposed ? w[0] : w[1] * Dim(g)));
  return !i.failed() && check_bias(i, at.bias, transposed ? w[1] * Dim(g) : w[0]);
}

window::Window window_of(const Node& n, const Shape& x, const Shape& w, bool transposed) {
  return transposed ? window::transposed(n, spatial(x), spatial(w)) : window::forward(n, spatial(x), spatial(w));
}

Channels channels(const Node& n, const Shape& w, bool transposed) {
  const Dim g(groups(n)), per_group = *divided(w[0], g);
  return transposed ? Channels{g, per_group, w[1]} : Channels{g, w[1], per_group};
}

Call& lower(Lower& l, const std::string& kernel, HostKernel host, bool transposed) {
  const Shape &x = l.shape(0), &w = l.shape(1), &out = l.out_type().shape;
  const Channels c = channels(l.node, w, transposed);
  const bool biased = l.has(2);
  const Operand bias = biased ? l.in_dense(2) : l.weight(Tensor(l.type(0).dtype, {1}));
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), read(bias),
                        runtime_size(biased ? 1 : 0), runtime_size(x[0]), runtime_size(c.groups), runtime_size(c.channels),
                        runtime_size(c.filters)};
  window::append(args, window_of(l.node, x, w, transposed), spatial(out));
  Call& call = l.reference(kernel, "kernels/ref/conv.hpp", std::move(host), std::move(args));
  call.flops = Dim(2) * (transposed ? product(x) : product(out)) * product({w.begin() + 1, w.end()});
  return call;
}

std::vector<AttributeSpec> attributes() {
  return {{"auto_pad", AttributeKind::string},         {"dilations", AttributeKind::integers},
          {"group", AttributeKind::integer},           {"kernel_shape", AttributeKind::integers},
          {"pads", AttributeKind::integers},           {"strides", AttributeKind::integers}};
}

Op op(std::string_view name, void (*infer)(Infer&), void (*lower)(Lower&), std::string_view versions) {
  return {.name = name,
          .inputs = {{"X", types::floats, Port::Arity::required, 'T'},
                     {"W", types::floats, Port::Arity::required, 'T'},
                     {"B", types::floats, Port::Arity::optional, 'T'}},
          .attributes = attributes(),
          .infer = infer,
          .lower = lower,
          .versions = versions};
}

}  // namespace inferc::convolution
