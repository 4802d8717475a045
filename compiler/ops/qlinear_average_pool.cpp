#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/pool.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/ref/qlinear.hpp"

namespace inferc::op_QLinearAveragePool {
namespace {

void infer(Infer& i) {
  if (!microsoft::check_pool(i)) return;
  if (const auto shape = pool::out_shape(i)) i.out(0, i.dtype(0), *shape);
}

// One window over the whole input: ONNX Runtime then takes the kernel of QLinearGlobalAveragePool.
bool is_global(const window::Window& w) {
  for (std::size_t d = 0; d < w.in.size(); ++d)
    if (!(w.in[d] == w.kernel[d]) || !w.pad[d].is(0) || !w.pad_end[d].is(0)) return false;
  return true;
}

void lower(Lower& l) {
  const window::Window w = pool::window_of(l);
  if (is_global(w)) return microsoft::lower_global_pool(l);
  const HostKernel kernel = by_dtype(l.type(0).dtype, quantized::Bytes{}, [&]<class T>(std::type_identity<T>) {
    return window::by_spatial(w.in.size(), []<int S>(std::integral_constant<int, S>) { return host(&ref::qlinear_average_pool<T, S>); });
  });
  std::vector<Arg> args = microsoft::pool_arguments(l);
  args.push_back(flag(l.node.attr_int("count_include_pad", 0) != 0));
  window::append(args, w, {l.out_type().shape.begin() + 2, l.out_type().shape.end()});
  l.reference("ref::qlinear_average_pool", "kernels/ref/qlinear.hpp", kernel, std::move(args)).flops = pool::flops(l, w);
}

}  // namespace

extern const Op op = {.name = "QLinearAveragePool",
                      .domain = "com.microsoft",
                      .inputs = microsoft::unary_ports(),
                      .attributes = {{"auto_pad", AttributeKind::string},
                                     {"ceil_mode", AttributeKind::integer},
                                     {"channels_last", AttributeKind::integer},
                                     {"count_include_pad", AttributeKind::integer},
                                     {"kernel_shape", AttributeKind::integers},
                                     {"pads", AttributeKind::integers},
                                     {"strides", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1"};

}  // namespace inferc::op_QLinearAveragePool
