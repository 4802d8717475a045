#include <fmt/format.h>

#include "compiler/ops/normalization.hpp"
#include "kernels/ref/normalization.hpp"

namespace inferc::op_BatchNormalization {
namespace {

void infer(Infer& i) {
  if (i.node.attr_int("training_mode", 0) != 0 || i.node.outputs.size() > 1) {
    i.fail("training mode is not supported", "export the model in evaluation mode");
    return;
  }
  if (i.rank(0) < 1) {
    i.fail("X is a scalar");
    return;
  }
  const Dim channels = i.rank(0) > 1 ? i.shape(0)[1] : Dim(1);
  for (std::size_t k = 1; k < 5; ++k) {
    if (i.rank(k) != 1) i.fail(fmt::format("input {} has rank {}, 1 is defined", k, i.rank(k)));
    else static_cast<void>(i.unify(i.shape(k)[0], channels));
    if (i.failed()) return;
  }
  i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const Operand x = l.in(0), var = l.in(4);
  const std::size_t axis = x.rank() > 1 ? 1 : 0;
  const auto channelwise = [&](const Operand& v) { return x.rank() > 1 ? normalization::along(v, axis, x.shape) : broadcast_view(v, x.shape); };
  const Operand inv = l.temporary(var.dtype, var.shape);
  const HostKernel kernel = by_dtype(var.dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::inverse_deviation<T, max_rank>); });
  l.reference("ref::inverse_deviation", "kernels/ref/normalization.hpp", kernel, {write_view(inv), read_view(var), real64(l.node.attr("epsilon", 1e-5f))});
  const Operand bias = channelwise(l.in(2)), scale = channelwise(l.in(1)), mean = channelwise(l.in(3));
  normalization::normalize(l, l.out(), x, {mean, channelwise(inv)}, scale, bias);
}

}  // namespace

extern const Op op = {.name = "BatchNormalization",
                      .inputs = {{"X", types::floats},
                                 {"scale", types::floats, Port::Arity::required, 'S'},
                                 {"B", types::floats, Port::Arity::required, 'S'},
                                 {"input_mean", types::floats, Port::Arity::required, 'U'},
                                 {"input_var", types::floats, Port::Arity::required, 'U'}},
                      .max_outputs = 5,
                      .attributes = {{"epsilon", AttributeKind::real}, {"momentum", AttributeKind::real}, {"training_mode", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "7, 9, 14, 15"};

}  // namespace inferc::op_BatchNormalization
