#include "compiler/ops/convolution.hpp"
#include "compiler/ops/fixed_window.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedPatches {
namespace {

void infer(Infer& i) {
  const auto positions = fixed::positions(i);
  if (positions) i.out(0, i.dtype(0), {i.shape(0)[0], *positions, product(window::kernel_shape(i.node)) * i.shape(0)[1]});
}

std::int64_t fill(const Node& n) { return n.attr_int("fill", 0); }

std::vector<AttributeSpec> attributes() {
  std::vector<AttributeSpec> out = convolution::attributes();
  out.push_back({"fill", AttributeKind::integer});
  return out;
}

void lower(Lower& l) {
  const Shape& x = l.shape(0);
  const window::Window w = fixed::window_of(l.node, x);
  const HostKernel kernel = by_dtype(l.type(0).dtype, fixed::StoredTypes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(w.in.size(), []<int S>(std::integral_constant<int, S>) { return host(&ref::fixed_patches<T, S>); });
  });
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(0)), integer(fill(l.node)), runtime_size(x[0]), runtime_size(x[1])};
  window::append(args, w, w.out);
  l.reference("ref::fixed_patches", "kernels/ref/fixed.hpp", kernel, std::move(args));
}

bool lower_fast(Lower& l) {
  const window::Window w = fixed::window_of(l.node, l.shape(0));
  Operand x = l.in(0);
  while (x.shape.size() < 5) {
    x.shape.insert(x.shape.begin() + 2, Dim(1));
    x.strides.insert(x.strides.begin() + 2, Dim(0));
  }
  SizesArg sizes;
  const auto append = [&](const std::vector<Dim>& v, const Dim& fill) {
    const std::vector<Dim> all = convolution::three(v, fill);
    sizes.sizes.insert(sizes.sizes.end(), all.begin(), all.end());
  };
  append(w.kernel, 1), append(w.out, 1), append(w.stride, 1), append(w.dilation, 1), append(w.pad, 0);
  l.fast("cpu::quantized::patches", "kernels/cpu/quantized/patches.hpp", {write(l.out_dense()), read_view(x), integer(fill(l.node)), std::move(sizes)});
  return true;
}

}  // namespace

// [N, positions, taps * channels] of X [N, channels, ...]: what each position of a convolution's window sees, for a product with its
// weights. Attributes are those of Conv, with kernel_shape; "fill" is what it sees outside.
extern const Op op = {.name = "FixedPatches",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}},
                      .attributes = attributes(),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedPatches
