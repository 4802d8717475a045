#include "compiler/ops/elementwise.hpp"

namespace inferc {
namespace {

void lower(Lower& l) {
  elementwise::lower1<functors::identity, AllTypes>(l, "functors::identity", {}).flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op_Identity = {.name = "Identity",
                          .inputs = {{"X", types::all}},
                          
                          .infer = elementwise::infer<elementwise::Result::same, nullptr>,
                          .lower = lower,
                          .elementwise = Elementwise{"functors::identity"},
                          .versions = "1, 13, 14, 16, 19, 21, 23, 24, 25"};

}  // namespace inferc
