#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include <fmt/format.h>

#include "tests/support/op_table.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {
namespace {

// These tests ask `inferc ops` for the operators of a domain, and fail for one without a case.
const Covered domains[] = {
    {"", "ai.onnx.ml", "tests/conformance/test_classic.py"},
    {"", "com.microsoft", "tests/conformance/test_microsoft.py"},
};

const Covered covered[] = {
    {"Fused", "inferc", "tests/ops/fused_map_test.cpp"},
    {"Attention", "inferc", "tests/ops/attention_composite_test.cpp"},
    {"FlexAttention", "ai.onnx.preview", "tests/ops/flex_attention_test.cpp"},
    {"SimplifiedLayerNormalization", "", "tests/conformance/test_microsoft.py"},
    {"Quant", "qonnx.custom_op.general", "tests/models/test_quantised.py"},
    {"BipolarQuant", "qonnx.custom_op.general", "tests/models/test_quantised.py"},
    {"Trunc", "qonnx.custom_op.general", "tests/models/test_quantised.py"},
    {"Quantize", "inferc", "tests/onnx/fixed_point_test.cpp"},
    {"GivenSizes", "inferc", "tests/passes/given_sizes_test.cpp"},
    {"GroupRows", "inferc", "tests/ops/internal_test.cpp"},
    {"View", "inferc", "tests/ops/internal_test.cpp"},
    {"Sizes", "inferc", "tests/ops/internal_test.cpp"},
    {"FixedAdd", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"FixedDepthwise", "inferc", "tests/passes/fixed_windows_test.cpp"},
    {"FixedMaxPool", "inferc", "tests/passes/fixed_windows_test.cpp"},
    {"FixedLinear", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"FixedMap", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"FixedPatches", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"FixedTable", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"FixedToInteger", "inferc", "tests/passes/lower_fixed_point_test.cpp"},
    {"If", "", "tests/plan/control_test.cpp"},
    {"Loop", "", "tests/plan/control_test.cpp"},
    {"Scan", "", "tests/plan/control_test.cpp"},
};

bool has_row(const Op& op) {
  return std::any_of(std::begin(domains), std::end(domains), [&](const Covered& c) { return c.domain == op.domain; }) ||
         std::any_of(table().begin(), table().end(), [&](const Row& r) { return r.op == op.name && r.domain == op.domain; }) ||
         std::any_of(std::begin(covered), std::end(covered), [&](const Covered& c) { return c.op == op.name && c.domain == op.domain; });
}

TEST(Table, NamesTestsThatExist) {
  for (const Covered& c : domains) EXPECT_TRUE(std::filesystem::exists(source_dir() / c.test)) << c.test;
  for (const Covered& c : covered) EXPECT_TRUE(std::filesystem::exists(source_dir() / c.test)) << c.test;
}

TEST(Table, HasARowForEveryOperator) {
  for (const Op* op : all_ops()) EXPECT_TRUE(has_row(*op)) << op->name << " has no row in the table of operator tests";
}

TEST(Table, HasNoOperatorThatNeitherLowersNorExpands) {
  for (const Op* op : all_ops()) EXPECT_TRUE(op->lower || op->expand) << op->name;
}

std::string describe(const Case& c) {
  std::string out;
  for (const Array& a : c.inputs) out += a.dtype == DType::undefined ? " -" : fmt::format(" {}[{}]", name(a.dtype), fmt::join(a.shape, ","));
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

// One value of a half is one of float32, rounded once: also where the operands are moved alone.
TEST_P(Definition, HoldsForHalves) {
  std::map<std::size_t, std::set<DType>> seen;
  for (const Case& c : half_cases(GetParam())) {
    check(GetParam(), c);
    for (std::size_t i = 0; i < c.inputs.size(); ++i) seen[std::min(i, op().inputs.size() - 1)].insert(c.inputs[i].dtype);
  }
  for (std::size_t i = 0; i < op().inputs.size() && op().name != "BitCast"; ++i)
    for (const DType t : {DType::float16, DType::bfloat16})
      EXPECT_TRUE(seen[i].contains(t) || !op().inputs[i].types.has(t)) << "input '" << op().inputs[i].name << "' is never " << name(t);
}

Tensor with_type(const Tensor& bytes, DType t) {
  Tensor out(t, bytes.shape());
  std::copy(bytes.bytes().begin(), bytes.bytes().end(), out.bytes().begin());
  return out;
}

// The operands of uint8 that the operator takes in any type as `t`: what was uint8 of the results is `t`, too.
void check_bytes(const Row& row, const Case& c, DType t) {
  const Op& op = *find_op(row.op, row.domain);
  std::vector<Tensor> operands = operands_of(c);
  bool any = false;
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const TypeSet& set = op.inputs[std::min(i, op.inputs.size() - 1)].types;
    if (operands[i].dtype() != DType::uint8 || !set.has(t) || !set.has(DType::float16)) continue;
    operands[i] = with_type(operands[i], t);
    any = true;
  }
  if (!any) return;
  const std::vector<Tensor> actual = evaluate(row, operands, c.attributes, c.outputs.size()), bytes = evaluate(row, c);
  for (std::size_t i = 0; i < actual.size(); ++i)
    EXPECT_TRUE(actual[i].same(bytes[i].dtype() == DType::uint8 ? with_type(bytes[i], t) : bytes[i]))
        << row.op << describe(c) << " as " << name(t) << ", output " << i;
}

// Bytes of types that no operator computes with are moved as those of uint8.
TEST_P(Definition, MovesBytesOfEveryType) {
  if (op().name == "Cast" || op().name == "CastLike" || op().name == "BitCast") return;  // they convert
  for (const Case& c : cases_of(GetParam()))
    for (const DType t : {DType::float8e4m3fn, DType::float8e8m0, DType::int4, DType::float4e2m1, DType::uint2})
      if (c.fault.empty()) check_bytes(GetParam(), c, t);
}

// Each input has had every type that the operator declares for it.
TEST_P(Definition, CoversEveryElementType) {
  std::map<std::size_t, std::set<DType>> seen;
  for (const Case& c : cases_of(GetParam()))
    for (std::size_t i = 0; i < c.inputs.size(); ++i) seen[std::min(i, op().inputs.size() - 1)].insert(c.inputs[i].dtype);
  for (std::size_t i = 0; i < op().inputs.size(); ++i)
    for (const DType t : types_in(op().inputs[i].types)) EXPECT_TRUE(seen[i].contains(t)) << "input '" << op().inputs[i].name << "' is never " << name(t);
}

INSTANTIATE_TEST_SUITE_P(Operators, Definition, testing::ValuesIn(table()), [](const auto& info) {
  std::string name = info.param.domain + info.param.op;
  std::erase_if(name, [](unsigned char c) { return std::isalnum(c) == 0; });
  return name;
});

}  // namespace
}  // namespace inferc::test
