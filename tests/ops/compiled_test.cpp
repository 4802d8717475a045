#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/loaded_model.hpp"
#include "tests/support/built.hpp"
#include "tests/support/op_table.hpp"

// Cases of the table compiled: many operators, each with inputs of its own, as one model, run on every code path. The
// generated code gives the definition's values and the reference kernels' bits.
namespace inferc::test {
namespace {

constexpr std::size_t rows_per_model = 10;

// One model of cases.
struct Model {
  Graph graph;
  std::vector<Tensor> inputs;
  std::vector<std::pair<std::string, Expected>> outputs;  // where from
  std::vector<Value*> values;

  Value* operand(const Array& a, bool constant) {
    if (a.dtype == DType::undefined) return nullptr;
    const Tensor t = tensor_of(a);
    if (constant) return graph.add_constant(t);
    inputs.push_back(t);
    return graph.add_input(fmt::format("x{}", inputs.size()), {a.dtype, Shape(a.shape.begin(), a.shape.end())});
  }
  void add(const Row& row, std::size_t index, const Case& c) {
    std::vector<Value*> operands;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) operands.push_back(operand(c.inputs[i], c.constants.contains(i)));
    Node* node = graph.add_node(row.op, operands, c.outputs.size(), c.attributes);
    node->domain = row.domain;
    for (std::size_t i = 0; i < c.outputs.size(); ++i) {
      outputs.emplace_back(fmt::format("{} case {} output {}", row.op, index, i), c.outputs[i]);
      values.push_back(node->outputs[i]);
      node->outputs[i]->name = fmt::format("y{}", values.size());
    }
  }
};

// A spread of the cases of each element type: most where a fast kernel stands, of float32.
void add_cases(Model& model, const Row& row) {
  const Op& op = *find_op(row.op, row.domain);
  const bool fast = op.lower_fast || op.elementwise;
  const Cases cases = cases_of(row);
  const auto type = [](const Case& c) { return c.inputs.empty() ? DType::undefined : c.inputs[0].dtype; };
  std::map<DType, std::size_t> count, seen;
  for (const Case& c : cases) count[type(c)] += c.fault.empty();
  for (std::size_t k = 0; k < cases.size(); ++k) {
    const DType t = type(cases[k]);
    if (!cases[k].fault.empty() || (!fast && t != count.begin()->first)) continue;
    const std::size_t most = t != DType::float32 ? 1 : fast ? 10 : 3, stride = (count[t] + most - 1) / most;
    if (seen[t]++ % stride == stride / 2) model.add(row, k, cases[k]);
  }
  const Cases halves = half_cases(row);
  for (std::size_t k = halves.size() / 2; k < std::min(halves.size(), halves.size() / 2 + 2); ++k) model.add(row, cases.size() + k, halves[k]);
}

Program compiled(Model& m) {
  Diagnostics problems;
  m.graph.set_outputs(m.values);
  if (!infer_types(m.graph, problems)) throw UserError(problems.errors());
  run_pipeline(m.graph);
  return plan(m.graph);
}

class Compiled : public testing::TestWithParam<std::size_t> {};

TEST_P(Compiled, GivesTheDefinitionsValuesOnEveryPath) {
  Model model;
  for (std::size_t r = GetParam() * rows_per_model; r < std::min(table().size(), (GetParam() + 1) * rows_per_model); ++r) add_cases(model, table()[r]);
  const Program program = compiled(model);
  const std::vector<Tensor> reference = evaluate_graph(model.graph, model.inputs);
  const BuiltModel code = built(program, fmt::format("compiled_operators_{}", GetParam()));
  for (const char* path : {"base", "v3", "v4"}) {
    SCOPED_TRACE(path);
    ::setenv("INFERC_ISA", path, 1);
    const LoadedModel loaded(code);
    ASSERT_TRUE(loaded.isa() == path || std::string(path) != "base");
    if (loaded.isa() != path) continue;  // not on this machine
    const std::vector<Tensor> actual = run_model(loaded, model.inputs);
    for (std::size_t i = 0; i < actual.size(); ++i) {
      EXPECT_EQ(difference(model.outputs[i].second, actual[i]), "") << model.outputs[i].first;
      EXPECT_EQ(difference(exact(array_of(reference[i])), actual[i]), "") << model.outputs[i].first << ": other bits than the reference kernel";
    }
  }
  ::unsetenv("INFERC_ISA");
}

// A case that faults, and one of equal types and attributes that does not.
struct Pair {
  Case good, bad;
};

bool alike(const Case& a, const Case& b) {
  if (a.inputs.size() != b.inputs.size() || !a.constants.empty() || a.attributes != b.attributes) return false;
  for (std::size_t i = 0; i < a.inputs.size(); ++i)
    if (a.inputs[i].dtype != b.inputs[i].dtype || a.inputs[i].shape != b.inputs[i].shape) return false;
  return true;
}

std::optional<Pair> fault_of(const Cases& cases) {
  for (const Case& bad : cases) {
    if (bad.fault.empty()) continue;
    const auto good = std::find_if(cases.begin(), cases.end(), [&](const Case& c) { return c.fault.empty() && alike(c, bad); });
    if (good != cases.end()) return Pair{*good, bad};
  }
  return std::nullopt;
}

bool can_fault(const Cases& cases) {
  return std::any_of(cases.begin(), cases.end(), [](const Case& c) { return !c.fault.empty(); });
}

// Each faulty operand in turn among good ones: the call reports it.
TEST(CompiledFaults, AreReported) {
  Model model;
  std::vector<std::pair<std::size_t, Case>> faults;  // first input, case
  for (const Row& row : table()) {
    const Cases cases = cases_of(row);
    const auto pair = fault_of(cases);
    EXPECT_EQ(pair.has_value(), can_fault(cases)) << row.op;
    if (!pair) continue;
    faults.emplace_back(model.inputs.size(), pair->bad);
    model.add(row, 0, pair->good);
  }
  ASSERT_GE(faults.size(), 8U);
  const LoadedModel loaded(built(compiled(model), "compiled_faults", {"base"}));
  EXPECT_EQ(BoundCall(loaded, {}, model.inputs).run(), inferc_ok);
  for (const auto& [first, c] : faults) {
    std::vector<Tensor> inputs = model.inputs;
    for (std::size_t i = 0; i < c.inputs.size(); ++i) inputs[first + i] = tensor_of(c.inputs[i]);
    const int expected = c.fault == "division by zero" ? inferc_division_by_zero : inferc_index_out_of_range;
    EXPECT_EQ(BoundCall(loaded, {}, inputs).run(), expected) << c.fault << " of the operator with input " << first;
  }
}

INSTANTIATE_TEST_SUITE_P(Operators, Compiled, testing::Range(std::size_t{0}, (table().size() + rows_per_model - 1) / rows_per_model));

}  // namespace
}  // namespace inferc::test
