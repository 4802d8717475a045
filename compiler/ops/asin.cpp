#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Asin {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::asin, FloatTypes>(l, "functors::asin", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Asin",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::asin"},
                      .versions = "7, 22"};

}  // namespace inferc::op_Asin
