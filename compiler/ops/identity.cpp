#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Identity {
namespace {

void lower(Lower& l) { l.view(0, l.in(0)); }

}  // namespace

extern const Op op = {.name = "Identity",
                      .inputs = {{"X", types::any}},
                      .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::identity"},
                      .versions = "1, 13, 14, 16, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Identity
