#include "kernels/ref/conv.hpp"

#include <numeric>

#include "compiler/ops/convolution.hpp"
#include "compiler/ops/fused.hpp"

namespace inferc::op_Conv {
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

bool suits(const Lower& l, const window::Window& w) {
  if (l.type(0).dtype != DType::float32 || !l.constant(1) || find_region(l.node, "epilogue")) return false;
  for (std::size_t d = 0; d < w.pad.size(); ++d)
    if (!l.symbols().provably_le(0, w.pad[d]) || !l.symbols().provably_le(0, w.pad_end[d])) return false;
  return true;
}

// How many pixels of a line of the output stand together in tiles, of 1 to 10 of them or of 12 for what divides it, and how far apart they
// read the input.
std::vector<Arg> runs(const Lower& l, const window::Window& w) {
  const auto width = l.out_type().shape.back().constant();
  const convolution::Channels c = convolution::channels(l.node, l.shape(1), false);
  return {size(width ? std::gcd(*width, std::int64_t{2520}) : 1), size(w.stride.back() * c.groups * c.channels)};
}

// Channels last inside: padded input, product, output turned back.
bool lower_fast(Lower& l) {
  const window::Window w = convolution::window_of(l.node, l.shape(0), l.shape(1), false);
  if (!suits(l, w)) return false;
  std::vector<Dim> padded;
  for (std::size_t d = 0; d < w.in.size(); ++d) padded.push_back(w.in[d] + w.pad[d] + w.pad_end[d]);
  convolution::lower_channels_last(l, "cpu::conv", "kernels/cpu/conv.hpp", w, std::move(padded), w.pad, runs(l, w), false);
  return true;
}

Op make() {
  Op op = convolution::op("Conv", infer, lower, "1, 11, 22");
  op.lower_fast = lower_fast;
  return op;
}

}  // namespace

extern const Op op = make();

}  // namespace inferc::op_Conv
