#include "compiler/ops/microsoft.hpp"

namespace inferc::op_SimplifiedLayerNormalization {
namespace {

void infer(Infer& i) {
  if (is_read(i.node, 1)) i.fail("its output 'inv_std_var' is not supported", "only training reads it");
}

bool expand(Expand& e) {
  Attributes attributes = microsoft::kept(e.node, {"axis", "stash_type"});
  attributes.merge(microsoft::epsilon(e.node, 1e-5f));
  e.give(0, e("RMSNormalization", {e.in(0), e.in(1)}, attributes));
  return true;
}

}  // namespace

extern const Op op = {.name = "SimplifiedLayerNormalization",
                      .domain = "",
                      .inputs = {{"X", types::floats}, {"scale", types::floats}},
                      .max_outputs = 2,
                      .attributes = {{"axis", AttributeKind::integer}, {"epsilon", AttributeKind::real}, {"stash_type", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_SimplifiedLayerNormalization
