#include "kernels/ref/hardmax.hpp"
#include "compiler/ops/along_axis.hpp"

namespace inferc::op_Hardmax {
namespace {

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::hardmax<T>); });
  along_axis::lower(l, "ref::hardmax", "kernels/ref/hardmax.hpp", kernel);
}

}  // namespace

extern const Op op = {.name = "Hardmax",
                      .inputs = {{"input", types::floats}},
                      .attributes = {{"axis", AttributeKind::integer}, {"flatten", AttributeKind::integer}},
                      .infer = along_axis::infer,
                      .lower = lower,
                      .versions = "1, 11, 13"};

}  // namespace inferc::op_Hardmax
