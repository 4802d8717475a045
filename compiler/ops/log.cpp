#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Log {
namespace {

void lower(Lower& l) { elementwise::lower1<functors::log, FloatTypes>(l, "functors::log", {}).flops = product(l.out_type().shape); }

}  // namespace

extern const Op op = {.name = "Log",
                      .inputs = {{"X", types::floats}},

                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::log"},
                      .versions = "6, 9, 13"};

}  // namespace inferc::op_Log
