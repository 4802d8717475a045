#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Sign {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::sign, SignedTypes>(l, "functors::sign", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Sign",
                      .inputs = {{"X", types::signed_numeric}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::sign"},
                      .versions = "9, 13"};

}  // namespace inferc::op_Sign
