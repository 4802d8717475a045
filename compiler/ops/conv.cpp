#include "kernels/ref/conv.hpp"

#include "compiler/ops/convolution.hpp"
#include "compiler/ops/fused.hpp"
#include "kernels/cpu/pack.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  if (!convolution::check(i, false)) return;
  const Shape &x = i.shape(0), &w = i.shape(1);
  const auto out = window::out_sizes(i, convolution::window_of(i.node, x, w, false));
  if (!out) return;
  Shape shape{x[0], w[0]};
  shape.insert(shape.end(), out->begin(), out->end());
  i.out(0, i.dtype(0), std::move(shape));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(l.shape(0).size() - 2, []<int S>(std::integral_constant<int, S>) { return host(&ref::conv<T, S>); });
  });
  convolution::lower(l, "ref::conv", kernel, false);
}

// Weights [groups filters, channels, taps] as the panels of w[(tap, channel), filter], one group after the other.
Operand packed_filters(Lower& l, std::size_t groups) {
  const Tensor& w = *l.constant(1);
  const auto rows = static_cast<std::size_t>(w.shape()[0]), channels = static_cast<std::size_t>(w.shape()[1]);
  const std::size_t filters = rows / groups, taps = rows * channels == 0 ? 0 : w.size() / (rows * channels), k = taps * channels;
  const std::size_t panels = cpu::packed_size(k, filters);
  Tensor packed(DType::float32, {static_cast<std::int64_t>(groups * panels)});
  const float* const from = w.as<float>().data();
  std::vector<float> matrix(k * filters);
  for (std::size_t g = 0; g < groups; ++g) {
    for (std::size_t f = 0; f < filters; ++f)
      for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t t = 0; t < taps; ++t)
          matrix[(t * channels + c) * filters + f] = from[((g * filters + f) * channels + c) * taps + t];
    cpu::pack_panels(packed.as<float>().data() + g * panels, matrix.data(), k, filters, filters, std::size_t{1});
  }
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
std::vector<Dim> three(std::vector<Dim> v, const Dim& fill) {
  while (v.size() < 3) v.insert(v.begin(), fill);
  return v;
}

EpilogueArg bias_of(Lower& l) {
  if (!l.has(2)) return {};
  Expr bias;
  bias.operand = 0;
  return {std::make_shared<const Expr>(Expr{"functors::add", {Expr{}, bias}, {}, -1, DType::float32}),
          {{Accessor::Kind::row, l.in_dense(2), 0}}};
}

bool suits(const Lower& l, const window::Window& w) {
  if (l.type(0).dtype != DType::float32 || !l.constant(1) || find_region(l.node, "epilogue")) return false;
  for (std::size_t d = 0; d < w.pad.size(); ++d)
    if (!l.symbols().provably_le(0, w.pad[d]) || !l.symbols().provably_le(0, w.pad_end[d])) return false;
  return true;
}

// Channels last inside: padded input, product, output turned back.
bool lower_fast(Lower& l) {
  const window::Window w = convolution::window_of(l.node, l.shape(0), l.shape(1), false);
  if (!suits(l, w)) return false;
  const Shape& out = l.out_type().shape;
  const auto groups = l.node.attr_int("group", 1);
  const Dim batch = out[0], channels = l.shape(1)[1], filters = *divided(out[1], groups), pixels = product({out.begin() + 2, out.end()});
  std::vector<Dim> padded;
  for (std::size_t d = 0; d < w.in.size(); ++d) padded.push_back(w.in[d] + w.pad[d] + w.pad_end[d]);
  padded = three(padded, 1);
  const Operand x = l.temporary(DType::float32, {batch, padded[0], padded[1], padded[2], channels * Dim(groups)});
  l.fast("cpu::pad_channels_last", "kernels/cpu/conv.hpp", {write(x), read_view(with_three(l.in(0))), SizesArg{three(w.pad, 0)}, SizesArg{padded}});
  SizesArg sizes{padded};
  for (const std::vector<Dim>& v : {three(w.kernel, 1), three({out.begin() + 2, out.end()}, 1), three(w.stride, 1), three(w.dilation, 1)})
    sizes.sizes.insert(sizes.sizes.end(), v.begin(), v.end());
  const Operand y = l.temporary(DType::float32, {batch, pixels, out[1]});
  l.fast("cpu::conv", "kernels/cpu/conv.hpp",
         {range(0, batch * pixels), write(y), read(x), read(packed_filters(l, static_cast<std::size_t>(groups))), runtime_size(groups),
          size(channels), size(filters), sizes, bias_of(l)})
      .flops = Dim(2) * product(out) * product({l.shape(1).begin() + 1, l.shape(1).end()});
  l.fast("cpu::channels_first", "kernels/cpu/conv.hpp", {write(l.out_dense()), read(y), runtime_size(batch), runtime_size(pixels), runtime_size(out[1])});
  return true;
}

Op make() {
  Op op = convolution::op("Conv", infer, lower, "1, 11, 22");
  op.lower_fast = lower_fast;
  return op;
}

}  // namespace

extern const Op op_Conv = make();

}  // namespace inferc
