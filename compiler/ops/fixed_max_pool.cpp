#include "compiler/ops/fixed_window.hpp"
#include "compiler/ops/pool.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedMaxPool {
namespace {

void infer(Infer& i) {
  const auto positions = fixed::positions(i);
  if (positions) i.out(0, i.dtype(0), {i.shape(0)[0], *positions, i.shape(0)[1]});
}

Dim comparisons(const Lower& l, const window::Window& w) { return product(l.out_type().shape) * product(w.kernel); }

void lower(Lower& l) {
  const Shape& x = l.shape(0);
  const window::Window w = fixed::window_of(l.node, x);
  const HostKernel kernel = by_dtype(l.type(0).dtype, fixed::StoredTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::fixed_max_pool<T>); });
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(0)), runtime_size(x[0]), runtime_size(x[1])};
  for (SizesArg& sizes : fixed::window_sizes(w)) args.emplace_back(std::move(sizes));
  l.reference("ref::fixed_max_pool", "kernels/ref/fixed.hpp", kernel, std::move(args)).flops = comparisons(l, w);
}

bool lower_fast(Lower& l) {
  const window::Window w = fixed::window_of(l.node, l.shape(0));
  const Shape& out = l.out_type().shape;
  l.fast("cpu::quantized::max_pool", "kernels/cpu/quantized/channels.hpp",
         {range(0, out[0] * out[1]), write(l.out_dense()), read(fixed::channels_last(l)), size(out[2]), fixed::all_window_sizes(w)})
      .flops = comparisons(l, w);
  return true;
}

}  // namespace

// [N, positions, channels] of X [N, channels, ...]: the largest element that each position of the window sees of each channel.
extern const Op op = {.name = "FixedMaxPool",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}},
                      .attributes = pool::attributes({}),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedMaxPool
