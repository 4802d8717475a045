#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "tests/support/op_table.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {
namespace {

const Covered covered[] = {
    {"Fused", "inferc", "tests/ops/fused_map_test.cpp"},
    {"Attention", "inferc", "tests/ops/attention_composite_test.cpp"},
    {"FlexAttention", "ai.onnx.preview", "tests/ops/flex_attention_test.cpp"},
    {"TreeEnsembleClassifier", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"TreeEnsembleRegressor", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"LinearClassifier", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"LinearRegressor", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"Normalizer", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"Scaler", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"SVMClassifier", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"SVMRegressor", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"Binarizer", "ai.onnx.ml", "tests/ops/trees_test.cpp"},
    {"ArrayFeatureExtractor", "ai.onnx.ml", "tests/ops/trees_test.cpp"},
    {"View", "inferc", "tests/ops/internal_test.cpp"},
    {"Sizes", "inferc", "tests/ops/internal_test.cpp"},
    {"If", "", "tests/plan/control_test.cpp"},
    {"Loop", "", "tests/plan/control_test.cpp"},
    {"Scan", "", "tests/plan/control_test.cpp"},
};

bool has_row(const Op& op) {
  return std::any_of(table().begin(), table().end(), [&](const Row& r) { return r.op == op.name && r.domain == op.domain; }) ||
         std::any_of(std::begin(covered), std::end(covered), [&](const Covered& c) { return c.op == op.name && c.domain == op.domain; });
}

TEST(Table, NamesTestsThatExist) {
  for (const Covered& c : covered) EXPECT_TRUE(std::filesystem::exists(source_dir() / c.test)) << c.test;
}

TEST(Table, HasARowForEveryOperator) {
  for (const Op* op : all_ops()) EXPECT_TRUE(has_row(*op)) << op->name << " has no row in the table of operator tests";
}

std::string describe(const Case& c) {
  std::string out;
  for (const Array& a : c.inputs)
    out += a.dtype == DType::undefined ? " -" : fmt::format(" {}[{}]", name(a.dtype), fmt::join(a.shape, ","));
  for (const auto& [key, value] : c.attributes) {
    out += " " + key;
    if (const auto* i = std::get_if<std::int64_t>(&value)) out += fmt::format("={}", *i);
    if (const auto* s = std::get_if<std::string>(&value)) out += "=" + *s;
  }
  return out;
}

class Definition : public testing::TestWithParam<Row> {
 protected:
  const Op& op() const { return *find_op(GetParam().op, GetParam().domain); }
};

std::vector<Tensor> evaluate(const Row& row, const Case& c) {
  Graph graph;
  std::vector<Tensor> tensors;
  std::vector<Value*> operands;
  std::vector<const Tensor*> given;
  for (const Array& a : c.inputs) tensors.push_back(a.dtype == DType::undefined ? Tensor() : tensor_of(a));
  for (const Tensor& t : tensors) {
    const bool present = t.dtype() != DType::undefined;
    operands.push_back(present ? graph.add_constant(t) : nullptr);
    given.push_back(present ? &t : nullptr);
  }
  Node* node = graph.add_node(row.op, operands, std::max<std::size_t>(c.outputs.size(), 1), c.attributes);
  node->domain = row.domain;
  return evaluate_node(*node, given);
}

void check(const Row& row, const Case& c) {
  SCOPED_TRACE(row.op + describe(c));
  try {
    const std::vector<Tensor> actual = evaluate(row, c);
    ASSERT_TRUE(c.fault.empty()) << "should report " << c.fault;
    for (std::size_t i = 0; i < c.outputs.size(); ++i) EXPECT_EQ(difference(c.outputs[i], actual[i]), "") << "output " << i;
  } catch (const UserError& e) {
    EXPECT_TRUE(!c.fault.empty() && std::string(e.what()).find(c.fault) != std::string::npos) << e.what();
  }
}

TEST_P(Definition, HoldsForReferenceKernels) {
  for (const Case& c : cases_of(GetParam())) check(GetParam(), c);
}

// Each input has had every type that the operator declares for it.
TEST_P(Definition, CoversEveryElementType) {
  std::map<std::size_t, std::set<DType>> seen;
  for (const Case& c : cases_of(GetParam()))
    for (std::size_t i = 0; i < c.inputs.size(); ++i) seen[std::min(i, op().inputs.size() - 1)].insert(c.inputs[i].dtype);
  for (std::size_t i = 0; i < op().inputs.size(); ++i)
    for (const DType t : types_in(op().inputs[i].types))
      EXPECT_TRUE(seen[i].contains(t)) << "input '" << op().inputs[i].name << "' is never " << name(t);
}

INSTANTIATE_TEST_SUITE_P(Operators, Definition, testing::ValuesIn(table()),
                         [](const auto& info) {
                           std::string name = info.param.domain + info.param.op;
                           std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
                           return name;
                         });

}  // namespace
}  // namespace inferc::test
