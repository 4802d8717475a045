#include "compiler/ops/indices.hpp"
#include "compiler/ops/op.hpp"
#include "kernels/ref/gather.hpp"

namespace inferc::op_ArrayFeatureExtractor {
namespace {

// Columns of the last axis; a vector counts as one row.
void infer(Infer& i) {
  if (i.rank(0) == 0) {
    i.fail("X is a scalar", "put a Reshape before it");
    return;
  }
  Shape out = i.shape(0);
  out.back() = product(i.shape(1));
  if (out.size() == 1) out.insert(out.begin(), Dim(1));
  i.out(0, i.dtype(0), std::move(out));
}

void lower(Lower& l) {
  const Split s = split_at(l.shape(0), l.shape(0).size() - 1);
  indices::bound(l, 1, s.axis);
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::gather<T, std::int64_t>); });
  l.reference("ref::gather", "kernels/ref/gather.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner),
               runtime_size(product(l.shape(1)))})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "ArrayFeatureExtractor",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", TypeSet{DType::float32, DType::float64} | types::index}, {"Y", types::int64}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1"};

}  // namespace inferc::op_ArrayFeatureExtractor
