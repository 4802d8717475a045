#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/convolution.hpp"
#include "compiler/ops/fixed_window.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedDepthwise {
namespace {

enum : std::size_t { x, w, table, steps };

std::int64_t fill(const Node& n) { return n.attr_int("fill", 0); }

void infer(Infer& i) {
  const auto positions = fixed::positions(i);
  if (!positions) return;
  const Dim taps = product(window::kernel_shape(i.node));
  if (i.rank(w) != 2 || !i.node.in(w)->constant || !(i.shape(w)[0] == taps)) {
    i.fail(fmt::format("its weights are {} for {} taps", text(i.type(w)), taps.text()));
    return;
  }
  static_cast<void>(i.unify(i.shape(x)[1], i.shape(w)[1]));
  if (!i.failed() && fixed::check_steps(i, table, i.shape(w)[1])) i.out(0, fixed::result_type(i.node), {i.shape(x)[0], *positions, i.shape(w)[1]});
}

std::vector<AttributeSpec> attributes() {
  std::vector<AttributeSpec> out = convolution::attributes();
  out.push_back({"fill", AttributeKind::integer});
  return fixed::attributes(std::move(out));
}

Dim flops(const Lower& l) { return Dim(2) * product(l.out_type().shape) * l.shape(w)[0]; }

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(x).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_depthwise<O, X>); });
  });
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(x)), read(l.in_dense(w)), integer(fill(l.node))};
  fixed::append_steps(l, args, table);
  args.insert(args.end(), {runtime_size(l.shape(x)[0]), runtime_size(l.shape(w)[1]), runtime_size(fixed::table_columns(l, table)), fixed::unit(l.node)});
  for (SizesArg& sizes : fixed::window_sizes(fixed::window_of(l.node, l.shape(x)))) args.emplace_back(std::move(sizes));
  Call& c = l.reference("ref::fixed_depthwise", "kernels/ref/fixed.hpp", kernel, std::move(args));
  c.flops = flops(l);
  c.products = "reference";
}

// Both of 16 bits with a sign: two products of 16 bits are one instruction, which takes one of 0.
bool takes_words(const Lower& l) {
  const auto all = l.constant(w)->as<std::int32_t>();
  const bool fits = std::all_of(all.begin(), all.end(), [](std::int32_t v) { return v >= INT16_MIN && v <= INT16_MAX; });
  return fits && !fixed::is_wide(l.node) && l.type(x).dtype != DType::uint16 && l.type(x).dtype != DType::int32;
}

// Rows of a multiple of 16 columns.
template <class T>
Tensor padded(const Tensor& weights) {
  const std::int64_t taps = weights.shape()[0], cols = weights.shape()[1], stride = (cols + 15) / 16 * 16;
  Tensor out(dtype_of<T>, {taps, stride});
  for (std::int64_t i = 0; i < taps * cols; ++i)
    out.as<T>()[static_cast<std::size_t>(i / cols * stride + i % cols)] = static_cast<T>(weights.as<std::int32_t>()[static_cast<std::size_t>(i)]);
  return out;
}

bool lower_fast(Lower& l) {
  const bool words = takes_words(l), wide = fixed::is_wide(l.node);
  const Tensor& weights = *l.constant(w);
  const Operand packed = l.weight(words ? padded<std::int16_t>(weights) : wide ? padded<std::int64_t>(weights) : padded<std::int32_t>(weights), "columns16", w);
  const Shape& out = l.out_type().shape;
  const fixed::Finish finish = fixed::finish(l.node, *l.constant(steps));
  Call& c = l.fast("cpu::quantized::depthwise", "kernels/cpu/quantized/channels.hpp",
                   {range(0, out[0] * out[1]), write(l.out_dense()), read(fixed::channels_last(l)), read(packed), read(fixed::packed_table(l, table, wide)),
                    integer(fill(l.node)), size(out[2]), fixed::all_window_sizes(fixed::window_of(l.node, l.shape(x)))});
  c.template_args = {finish.steps, finish.result};
  c.products = words ? "Words" : wide ? "Wide" : "Integers";
  c.flops = flops(l);
  return true;
}

}  // namespace

// [N, positions, channels] of X [N, channels, ...] and W [taps, channels]: the sum over what each position of the window sees of a channel, times
// its weights, through the steps. Attributes are those of Conv, with kernel_shape; "fill" is what the window sees outside.
extern const Op op = {.name = "FixedDepthwise",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}, {"W", fixed::weight_types}, {"table", types::int64}, {"steps", types::int64}},
                      .attributes = attributes(),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedDepthwise
