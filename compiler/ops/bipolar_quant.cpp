#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/qonnx.hpp"

namespace inferc::op_BipolarQuant {
namespace {

void infer(Infer& i) { elementwise::infer_as(i, elementwise::Result::same); }

// scale where x >= 0, else -scale.
bool expand(Expand& e) {
  Value* sign = e("Where", {e("GreaterOrEqual", {e.in(0), e.real(0)}), e.real(1), e.real(-1)});
  e.give(0, e("Mul", {sign, e.in(1)}));
  return true;
}

}  // namespace

extern const Op op = {.name = "BipolarQuant",
                      .domain = qonnx::domain,
                      .inputs = {{"X", TypeSet{DType::float32}}, {"scale", TypeSet{DType::float32}}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1, 2"};

}  // namespace inferc::op_BipolarQuant
