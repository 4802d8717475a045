#include "compiler/ops/op.hpp"

namespace inferc::op_FlexAttention {
namespace {

// The pass that infers types expands each node that it can; this tells of the others what they lack.
void infer(Infer& i) {
  i.fail("Q, K and V must have rank 4, constant heads (those of Q a multiple of those of K) and a constant head size, each modifier one input and one output",
         "fix symbols of heads or their size with --dim SYM=N");
}

void lower(Lower& l) { throw UserError(address(l.node) + ": it runs as the nodes that type inference expands it to"); }

}  // namespace

extern const Op op = {.name = "FlexAttention",
                      .domain = "ai.onnx.preview",
                      .inputs = {{"Q", types::floats, Port::Arity::required, 'T'},
                                 {"K", types::floats, Port::Arity::required, 'T'},
                                 {"V", types::floats, Port::Arity::required, 'T'}},
                      .attributes = {{"scale", AttributeKind::real}, {"softmax_precision", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1"};

}  // namespace inferc::op_FlexAttention
