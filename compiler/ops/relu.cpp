#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Relu {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::relu, SignedTypes>(l, "functors::relu", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Relu",
                      .inputs = {{"X", types::signed_numeric}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::relu"},
                      .versions = "6, 9, 13, 14"};

}  // namespace inferc::op_Relu
