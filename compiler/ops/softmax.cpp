#include "kernels/ref/softmax.hpp"
#include "compiler/ops/along_axis.hpp"

namespace inferc::op_Softmax {
namespace {

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::softmax<T>); });
  along_axis::lower(l, "ref::softmax", "kernels/ref/softmax.hpp", kernel);
}

bool lower_fast(Lower& l) { return along_axis::lower_fast(l, "cpu::softmax"); }

}  // namespace

extern const Op op = {.name = "Softmax",
                      .inputs = {{"input", types::floats}},
                      .attributes = {{"axis", AttributeKind::integer}, {"flatten", AttributeKind::integer}},
                      .infer = along_axis::infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "1, 11, 13"};

}  // namespace inferc::op_Softmax
