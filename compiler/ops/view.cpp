#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_View {
namespace {

// The type was given by the operator that this one stands for.
void infer(Infer& i) {
  const Value* v = i.node.out();
  if (!v) return;
  if (!v->type) i.fail("a View has no type");
  else if (i.symbols().decide_equal(product(i.shape(0)), product(v->type->shape)) == false)
    i.fail(fmt::format("{} cannot be viewed as {}", text(i.type(0)), text(*v->type)));
}

void lower(Lower& l) { l.reshape(); }

}  // namespace

// The elements of the input, in row-major order, under the shape of the output.
extern const Op op = {.name = "View", .domain = "inferc", .inputs = {{"data", types::any}}, .infer = infer, .lower = lower};

}  // namespace inferc::op_View
