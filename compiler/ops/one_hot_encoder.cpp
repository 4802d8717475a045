#include <set>

#include "compiler/ops/expansion.hpp"

namespace inferc::op_OneHotEncoder {
namespace {

using Integers = std::vector<std::int64_t>;

void infer(Infer& i) {
  const Integers categories = i.node.attr("cats_int64s", Integers());
  if (categories.empty()) {
    i.fail("it has no categories that are integers", "strings are not supported: let the model give numbers");
    return;
  }
  if (std::set(categories.begin(), categories.end()).size() != categories.size()) {
    i.fail("a category stands twice in cats_int64s");
    return;
  }
  if (i.node.attr_int("zeros", 1) == 0) {
    i.fail("zeros is 0: a call cannot fail for a value that is no category", "with zeros 1 its row is all zeros");
    return;
  }
  Shape shape = i.shape(0);
  shape.emplace_back(static_cast<std::int64_t>(categories.size()));
  i.out(0, DType::float32, shape);
}

// Reals are cut to integers first.
bool expand(Expand& e) {
  Value* x = e("Unsqueeze", {e.cast(e.in(0), DType::int64), e.integers({-1})});
  e.give(0, e.cast(e("Equal", {x, e.integers(e.node.attr("cats_int64s", Integers()))}), DType::float32));
  return true;
}

}  // namespace

extern const Op op = {.name = "OneHotEncoder",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", TypeSet{DType::float32, DType::float64, DType::int64}}},
                      .attributes = {{"cats_int64s", AttributeKind::integers}, {"cats_strings", AttributeKind::strings}, {"zeros", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_OneHotEncoder
