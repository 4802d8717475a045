#include "compiler/ops/op.hpp"
#include "kernels/ref/binarize.hpp"

namespace inferc::op_Binarizer {
namespace {

void infer(Infer& i) { i.out(0, i.dtype(0), i.shape(0)); }

void lower(Lower& l) {
  using ElementTypes = Types<float, double, std::int32_t, std::int64_t>;
  const HostKernel kernel = by_dtype(l.type(0).dtype, ElementTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::binarize<T>); });
  l.reference("ref::binarize", "kernels/ref/binarize.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(product(l.shape(0))), real64(static_cast<double>(l.node.attr("threshold", 0.0f)))});
}

}  // namespace

extern const Op op = {.name = "Binarizer",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", TypeSet{DType::float32, DType::float64} | types::index}},
                      .attributes = {{"threshold", AttributeKind::real}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1"};

}  // namespace inferc::op_Binarizer
