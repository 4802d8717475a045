#include "compiler/ops/quantize.hpp"
#include "kernels/ref/quantize.hpp"

namespace inferc::op_DynamicQuantizeLinear {
namespace {

void infer(Infer& i) {
  i.out(0, DType::uint8, i.shape(0));
  i.out(1, DType::float32, {});
  i.out(2, DType::uint8, {});
}

void lower(Lower& l) {
  l.reference("ref::dynamic_quantize_linear", "kernels/ref/quantize.hpp", host(&ref::dynamic_quantize_linear<float>),
              {write(l.out_dense(0)), write(l.out_dense(1)), write(l.out_dense(2)), read(l.in_dense(0)), runtime_size(product(l.shape(0)))})
      .flops = Dim(4) * product(l.shape(0));
}

}  // namespace

extern const Op op = {.name = "DynamicQuantizeLinear",
                      .inputs = {{"x", TypeSet{DType::float32}}},
                      .min_outputs = 3,
                      .max_outputs = 3,
                      .infer = infer,
                      .lower = lower,
                      .versions = "11"};

}  // namespace inferc::op_DynamicQuantizeLinear
