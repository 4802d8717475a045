#include "compiler/ops/format.hpp"
#include "compiler/ops/microsoft.hpp"
#include "compiler/ops/quantize.hpp"
#include "kernels/ref/qlinear.hpp"

namespace inferc::op_QLinearMul {
namespace {

void lower(Lower& l) {
  microsoft::lower_binary(l, "ref::qlinear_mul",
                          by_dtype(l.type(0).dtype, quantized::Bytes{}, []<class T>(std::type_identity<T>) { return host(&ref::qlinear_mul<T, max_rank>); }));
}

}  // namespace

extern const Op op = {
    .name = "QLinearMul", .domain = "com.microsoft", .inputs = microsoft::binary_ports(), .infer = microsoft::infer_binary, .lower = lower, .versions = "1"};

}  // namespace inferc::op_QLinearMul
