#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

// The type was given by the operator that this one stands for.
void infer(Infer& i) {
  if (const Value* v = i.node.out(); v && !v->type) i.fail("a View has no type");
}

void lower(Lower& l) { l.reshape(); }

}  // namespace

// The elements of the input, in row-major order, under the shape of the output.
extern const Op op_View = {.name = "View", .domain = "inferc", .inputs = {{"data", types::any}}, .infer = infer, .lower = lower};

}  // namespace inferc
