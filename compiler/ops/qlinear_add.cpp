#include "compiler/ops/format.hpp"
#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/ref/qlinear.hpp"

namespace inferc::op_QLinearAdd {
namespace {

void lower(Lower& l) {
  microsoft::lower_binary(l, "ref::qlinear_add",
                          by_dtype(l.type(0).dtype, quantized::Bytes{}, []<class T>(std::type_identity<T>) { return host(&ref::qlinear_add<T, max_rank>); }));
}

}  // namespace

extern const Op op = {
    .name = "QLinearAdd", .domain = "com.microsoft", .inputs = microsoft::binary_ports(), .infer = microsoft::infer_binary, .lower = lower, .versions = "1"};

}  // namespace inferc::op_QLinearAdd
