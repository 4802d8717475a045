#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Neg {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::neg, SignedTypes>(l, "functors::neg", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Neg",
                      .inputs = {{"X", types::signed_numeric}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::neg"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Neg
