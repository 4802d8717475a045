#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Abs {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::abs, SignedTypes>(l, "functors::abs", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Abs",
                      .inputs = {{"X", types::signed_numeric}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::abs"},
                      .versions = "6, 9, 13, 14"};

}  // namespace inferc::op_Abs
