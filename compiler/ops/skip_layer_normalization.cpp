#include "compiler/ops/microsoft.hpp"

namespace inferc::op_SkipLayerNormalization {
namespace {

bool expand(Expand& e) {
  Value* sum = microsoft::skip_sum(e, 4);
  std::vector<Value*> operands{sum, e.in(2)};
  if (e.has(3)) operands.push_back(e.in(3));
  e.give(0, e("LayerNormalization", operands, microsoft::epsilon(e.node, 1e-12f)));
  e.give(3, sum);
  return true;
}

}  // namespace

extern const Op op = {.name = "SkipLayerNormalization",
                      .domain = "com.microsoft",
                      .inputs = {{"input", types::floats, Port::Arity::required, 'T'},
                                 {"skip", types::floats, Port::Arity::required, 'T'},
                                 {"gamma", types::floats, Port::Arity::required, 'T'},
                                 {"beta", types::floats, Port::Arity::optional},
                                 {"bias", types::floats, Port::Arity::optional}},
                      .max_outputs = 4,
                      .attributes = {{"epsilon", AttributeKind::real}},
                      .infer = microsoft::infer_skip,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_SkipLayerNormalization
