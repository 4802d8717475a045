#include "compiler/ops/elementwise.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::abs, SignedTypes>(l, "functors::abs", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op_Abs = {.name = "Abs",
                          .inputs = {{"X", types::signed_numeric}},

                          .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                          .lower = lower,
                          .elementwise = Elementwise{"functors::abs"},
                          .versions = "6, 9, 13, 14"};

}  // namespace inferc
