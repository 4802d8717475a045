#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Round {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::round, FloatTypes>(l, "functors::round", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Round",
                      .inputs = {{"X", types::floats}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::round"},
                      .versions = "11, 22"};

}  // namespace inferc::op_Round
