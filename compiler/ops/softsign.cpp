#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Softsign {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::softsign, FloatTypes>(l, "functors::softsign", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Softsign",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::softsign"},
                      .versions = "1, 22"};

}  // namespace inferc::op_Softsign
