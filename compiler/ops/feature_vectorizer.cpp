#include <fmt/format.h>

#include "compiler/ops/scores.hpp"

namespace inferc::op_FeatureVectorizer {
namespace {

using Integers = std::vector<std::int64_t>;

// [rows, widths summed], float32.
void infer(Infer& i) {
  const Integers widths = i.node.attr("inputdimensions", Integers());
  if (widths.size() != i.node.inputs.size()) {
    i.fail(fmt::format("attribute 'inputdimensions' has {} elements for {} inputs", widths.size(), i.node.inputs.size()));
    return;
  }
  Dim rows = i.rank(0) == 2 ? i.shape(0)[0] : Dim(1), columns(0);
  for (std::size_t k = 0; k < widths.size(); ++k) {
    if (i.rank(k) != 2) {
      i.fail(fmt::format("input {} is {}, [rows, features] is supported", k, text(i.type(k))), "put a Reshape before it");
      return;
    }
    rows = i.unify(rows, i.shape(k)[0]);
    columns = columns + i.unify(i.shape(k)[1], Dim(widths[k]));
  }
  if (!i.failed()) i.out(0, DType::float32, {rows, columns});
}

bool expand(Expand& e) {
  std::vector<Value*> parts;
  for (std::size_t k = 0; k < e.node.inputs.size(); ++k) parts.push_back(e.cast(e.in(k), DType::float32));
  e.give(0, e("Concat", parts, {{"axis", std::int64_t{1}}}));
  return true;
}

}  // namespace

extern const Op op = {.name = "FeatureVectorizer",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features, Port::Arity::variadic}},
                      .attributes = {{"inputdimensions", AttributeKind::integers}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_FeatureVectorizer
