#include "compiler/ops/convolution.hpp"

#include <fmt/format.h>

#include "kernels/cpu/pack.hpp"

namespace inferc::convolution {
namespace {

std::int64_t groups(const Node& n) { return n.attr_int("group", 1); }

bool check_bias(Infer& i, std::size_t at, const Dim& filters) {
  if (!i.has(at)) return true;
  if (i.rank(at) != 1) return i.fail(fmt::format("B has rank {}, 1 is defined", i.rank(at)));
  static_cast<void>(i.unify(i.shape(at)[0], filters));
  return !i.failed();
}

// One group's weights as the matrix w[(tap, channel), filter]: from [filters, channels, taps], or [channels, filters, taps].
std::vector<float> filter_matrix(const float* from, std::size_t channels, std::size_t filters, std::size_t taps, bool transposed) {
  std::vector<float> matrix(taps * channels * filters);
  for (std::size_t f = 0; f < filters; ++f)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t t = 0; t < taps; ++t) matrix[(t * channels + c) * filters + f] = from[(transposed ? c * filters + f : f * channels + c) * taps + t];
  return matrix;
}

// Constant weights as the panels of such matrices, one group after the other.
Operand packed_filters(Lower& l, std::size_t groups, bool transposed) {
  const Tensor& w = *l.constant(1);
  const auto rows = static_cast<std::size_t>(w.shape()[0]) / groups, cols = static_cast<std::size_t>(w.shape()[1]);
  const std::size_t channels = transposed ? rows : cols, filters = transposed ? cols : rows;
  const std::size_t taps = rows * cols == 0 ? 0 : w.size() / (groups * rows * cols), k = taps * channels;
  const std::size_t panels = cpu::packed_size(k, filters);
  Tensor packed(DType::float32, {static_cast<std::int64_t>(groups * panels)});
  for (std::size_t g = 0; g < groups; ++g)
    cpu::pack_panels(packed.as<float>().data() + g * panels, filter_matrix(w.as<float>().data() + g * k * filters, channels, filters, taps, transposed).data(),
                     k, filters, filters, std::size_t{1});
  return l.weight(std::move(packed), "conv-panel16", 1);
}

// The operand [n, channels, spatial...] with three spatial dims, leading ones of size 1.
Operand with_three(Operand v) {
  while (v.shape.size() < 5) {
    v.shape.insert(v.shape.begin() + 2, Dim(1));
    v.strides.insert(v.strides.begin() + 2, Dim(0));
  }
  return v;
}

EpilogueArg bias_of(Lower& l) {
  if (!l.has(2)) return {};
  Expr bias;
  bias.operand = 0;
  return {std::make_shared<const Expr>(Expr{"functors::add", {Expr{}, bias}, {}, -1, DType::float32}), {{Accessor::Kind::row, l.in_dense(2), 0}}};
}

}  // namespace

std::vector<Dim> spatial(const Shape& s) { return {s.begin() + 2, s.end()}; }

bool check(Infer& i, bool transposed, const Places& at) {
  const Shape &x = i.shape(at.x), &w = i.shape(at.w);
  if (x.size() < 3 || x.size() != w.size())
    return i.fail(fmt::format("X has rank {} and W rank {}, equal ranks of at least 3 are defined", x.size(), w.size()));
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
  std::vector<Arg> args{write(l.out_dense()),   read(l.in_dense(0)),      read(l.in_dense(1)),    read(bias), runtime_size(biased ? 1 : 0), runtime_size(x[0]),
                        runtime_size(c.groups), runtime_size(c.channels), runtime_size(c.filters)};
  window::append(args, window_of(l.node, x, w, transposed), spatial(out));
  Call& call = l.reference(kernel, "kernels/ref/conv.hpp", std::move(host), std::move(args));
  call.flops = flops(l, transposed);
  return call;
}

Dim flops(const Lower& l, bool transposed) {
  const Shape& w = l.shape(1);
  return Dim(2) * (transposed ? product(l.shape(0)) : product(l.out_type().shape)) * product({w.begin() + 1, w.end()});
}

std::vector<Dim> three(std::vector<Dim> v, const Dim& fill) {
  while (v.size() < 3) v.insert(v.begin(), fill);
  return v;
}

void lower_channels_last(Lower& l, const std::string& kernel, const std::string& header, const window::Window& w, std::vector<Dim> in,
                         const std::vector<Dim>& pad, std::vector<Arg> extra, bool transposed) {
  const Shape& out = l.out_type().shape;
  const Channels c = channels(l.node, l.shape(1), transposed);
  const Dim batch = out[0], pixels = product({out.begin() + 2, out.end()});
  in = three(std::move(in), 1);
  const Operand x = l.temporary(DType::float32, {batch, in[0], in[1], in[2], c.channels * c.groups});
  l.fast("cpu::pad_channels_last", "kernels/cpu/conv.hpp",
         {range(0, batch * in[0] * in[1]), write(x), read_view(with_three(l.in(0))), SizesArg{three(pad, 0)}, SizesArg{in}});
  SizesArg sizes{in};
  for (const std::vector<Dim>& v : {three(w.kernel, 1), three(spatial(out), 1), three(w.stride, 1), three(w.dilation, 1)})
    sizes.sizes.insert(sizes.sizes.end(), v.begin(), v.end());
  const Operand y = l.temporary(DType::float32, {batch, pixels, out[1]});
  std::vector<Arg> args{
      range(0, batch * pixels), write(y),         read(x),         read(packed_filters(l, static_cast<std::size_t>(groups(l.node)), transposed)),
      runtime_size(c.groups),   size(c.channels), size(c.filters), sizes};
  args.insert(args.end(), extra.begin(), extra.end());
  args.push_back(bias_of(l));
  l.fast(kernel, header, std::move(args)).flops = flops(l, transposed);
  l.fast("cpu::channels_first", "kernels/cpu/conv.hpp", {range(0, batch * pixels), write(l.out_dense()), read(y), runtime_size(pixels), runtime_size(out[1])});
}

std::vector<AttributeSpec> attributes() {
  return {{"auto_pad", AttributeKind::string},       {"dilations", AttributeKind::integers}, {"group", AttributeKind::integer},
          {"kernel_shape", AttributeKind::integers}, {"pads", AttributeKind::integers},      {"strides", AttributeKind::integers}};
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
