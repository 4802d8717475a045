#include <algorithm>
#include <cstring>
#include <set>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/reference_samples.hpp"
#include "tests/support/array.hpp"
#include "tests/support/built.hpp"
#include "tests/support/op_table.hpp"

// Operands that give sizes as inputs of the model: the declared shape of the output fixes the code, and run() checks the
// operand before it writes.
namespace inferc::test {
namespace {

struct Given {
  std::string op;
  std::vector<Array> inputs;    // of undefined type: omitted
  std::vector<Shape> declared;  // of the outputs
  std::size_t operand;          // which input is tried with
  std::vector<std::vector<Real>> good, bad;
  Attributes attributes = {};
};

Array data(std::vector<std::int64_t> shape, DType t = DType::float32) {
  Array a(t, std::move(shape));
  for (std::size_t k = 0; k < a.values.size(); ++k) a.values[k] = static_cast<Real>(k % 7) + 1;
  return a;
}
Array reals(std::vector<Real> values) {
  Array a(DType::float32, {static_cast<std::int64_t>(values.size())});
  a.values = std::move(values);
  return a;
}
Array none() { return {}; }

std::vector<Given> all() {
  const Attribute drop = std::int64_t{0};
  return {
      {"Reshape",
       {data({2, 3, 4}), integers({4, 2, 3})},
       {{4, 2, 3}},
       1,
       {{4, 2, 3}, {4, -1, 3}, {-1, 2, 3}},
       {{4, 3, 2}, {-1, -1, 3}, {4, 2, -2}, {0, 2, 3}, {1LL << 62, 4, 3}}},
      {"Reshape", {data({2, 3, 4}), integers({2, 12})}, {{2, 12}}, 1, {{2, 12}, {0, 12}, {0, -1}}, {{2, 0}, {12, 2}}},
      {"Reshape", {data({0, 3}), integers({3, 0})}, {{3, 0}}, 1, {{3, 0}, {3, -1}}, {{-1, 0}, {0, 0}}, {{"allowzero", std::int64_t{1}}}},
      {"Expand", {data({3, 1}), integers({2, 3, 4})}, {{2, 3, 4}}, 1, {{2, 3, 4}, {2, 1, 4}}, {{2, 3, 1}, {2, 3, 5}, {1, 3, 4}, {2, 2, 4}, {-2, 3, 4}}},
      {"ConstantOfShape", {integers({2, 3})}, {{2, 3}}, 0, {{2, 3}}, {{3, 2}, {-2, -3}}},
      {"Squeeze", {data({1, 3, 1, 5}), integers({0})}, {{3, 1, 5}}, 1, {{0}, {-4}}, {{2}, {1}, {4}, {-5}}},
      {"Unsqueeze", {data({3, 4}), integers({0, 2})}, {{1, 3, 1, 4}}, 1, {{0, 2}, {2, 0}, {-4, -2}}, {{0, 1}, {2, 2}, {0, 4}}},
      {"Split", {data({6, 2}), integers({2, 4})}, {{2, 2}, {4, 2}}, 1, {{2, 4}}, {{4, 2}, {3, 3}, {-2, 8}}},
      {"Tile", {data({2, 3}), integers({2, 2})}, {{4, 6}}, 1, {{2, 2}}, {{1, 4}, {-2, -2}, {1LL << 62, 2}}},
      {"TopK", {data({3, 4}), integers({3})}, {{3, 3}, {3, 3}}, 1, {{3}}, {{2}, {4}, {-1}}},
      {"OneHot", {integers({0, 2, 1}), scalar(DType::float32, 5), reals({0, 1})}, {{3, 5}}, 1, {{5}}, {{4}, {6}, {-5}}},
      {"CenterCropPad", {data({6, 5}), integers({3, 7})}, {{3, 7}}, 1, {{3, 7}}, {{7, 3}, {3, 6}}},
      {"HannWindow", {scalar(DType::int32, 9)}, {{9}}, 0, {{9}}, {{8}, {-9}}},
      {"Range", {scalar(DType::float32, 1), scalar(DType::float32, 5), scalar(DType::float32, 2)}, {{2}}, 1, {{5}, {4.5}}, {{5.5}, {3}, {1e30F}, {-1e30F}}},
      {"Range", {scalar(DType::int64, 10), scalar(DType::int64, 4), scalar(DType::int64, -2)}, {{3}}, 2, {{-2}}, {{2}, {-3}, {0}, {-9e18}}},
      {"ReduceSum", {data({3, 2, 2}), integers({1})}, {{3, 2}}, 1, {{1}, {2}, {-1}}, {{0}, {3}, {-4}}, {{"keepdims", drop}}},
      {"ReduceMean", {data({3, 2, 2}), integers({1})}, {{3, 1, 2}}, 1, {{1}, {-2}}, {{0}, {2}}},
      {"ReduceMax", {data({3, 2, 2}), integers({1, 2})}, {{3}}, 1, {{1, 2}, {2, 1}, {-1, 1}}, {{1, 1}, {0, 1}}, {{"keepdims", drop}}},
      {"ReduceLogSumExp", {data({3, 2, 2}), integers({0})}, {{2, 2}}, 1, {{0}, {-3}}, {{1}, {2}}, {{"keepdims", drop}}},
      {"Slice",
       {data({6, 5}), integers({1, 0}), integers({4, 3}), integers({0, 1}), integers({1, 2})},
       {{3, 2}},
       1,
       {{1, 0}, {-5, -5}},
       {{0, 0}, {1, 1}, {1, 3}, {5, 5}}},
      {"Slice",
       {data({6, 5}), integers({5, 4}), integers({-1000, 0}), none(), integers({-2, -4})},
       {{3, 1}},
       2,
       {{-1000, 0}, {0, -4}},
       {{2, 0}, {5, 4}, {9e18, 9e18}}},
      {"Slice", {data({6, 5}), integers({1}), integers({4}), integers({0})}, {{3, 5}}, 3, {{0}, {-2}}, {{1}, {2}, {-3}}},
      {"Slice", {data({6, 5}), integers({0}), integers({6}), integers({0}), integers({2})}, {{3, 5}}, 4, {{2}}, {{0}, {1}, {-9e18}}},
      {"Pad",
       {data({2, 3}), integers({1, 0, 0, 2})},
       {{3, 5}},
       1,
       {{1, 0, 0, 2}, {0, 2, 1, 0}, {2, -1, -1, 3}},
       {{1, 0, 1, 2}, {0, 0, 0, 0}, {-9e18, 0, 9e18, 2}}},
      {"Pad",
       {data({3, 4}), integers({2, 0, 0, 3})},
       {{5, 7}},
       1,
       {{2, 0, 0, 3}, {1, 1, 1, 2}},
       {{-1, 0, 3, 3}, {2, 4, 0, -1}},
       {{"mode", std::string("reflect")}}},
      {"Resize",
       {data({1, 1, 2, 4}), none(), reals({1, 1, 2, 2})},
       {{1, 1, 4, 8}},
       2,
       {{1, 1, 2, 2}, {1, 1, 2.25F, 2}},
       {{1, 1, 3, 2}, {1, 1, 0, 2}, {1, 1, -2, 2}, {1, 1, 1e30F, 2}},
       {{"mode", std::string("linear")}}},
      {"Resize",
       {data({1, 1, 2, 4}), none(), none(), integers({1, 3})},
       {{1, 1, 1, 2}},
       3,
       {{1, 3}, {1, 2}, {2, 2}},
       {{2, 4}, {0, 2}, {-1, 2}, {9e18, 1}},
       {{"axes", std::vector<std::int64_t>{2, 3}}, {"keep_aspect_ratio_policy", std::string("not_larger")}}},
      {"AffineGrid", {data({2, 2, 3}), integers({2, 1, 3, 4})}, {{2, 3, 4, 2}}, 1, {{2, 1, 3, 4}, {2, 7, 3, 4}}, {{2, 1, 4, 3}, {1, 1, 3, 4}}},
      {"Col2Im",
       {data({1, 12, 4}), integers({4, 4}), integers({2, 3})},
       {{1, 2, 4, 4}},
       2,
       {{2, 3}},
       {{3, 2}, {6, 1}, {0, 3}, {-2, -3}, {4611686018427387904, 3}},
       {{"strides", std::vector<std::int64_t>{2, 1}}}},
      {"DFT", {data({2, 6, 6, 1}), none(), scalar(DType::int64, 1)}, {{2, 6, 6, 2}}, 2, {{1}, {2}, {-2}}, {{3}, {-1}, {4}}},
      {"STFT", {data({1, 20, 1}), scalar(DType::int64, 4), none(), scalar(DType::int64, 8)}, {{1, 4, 5, 2}}, 1, {{4}}, {{3}, {0}, {-4}}},
  };
}

class Model {
 public:
  explicit Model(bool declare = true) : declare_(declare) {}
  void add(const Given& g) {
    std::vector<Value*> operands;
    for (const Array& a : g.inputs) {
      if (a.dtype == DType::undefined) {
        operands.push_back(nullptr);
        continue;
      }
      if (operands.size() == g.operand) position.push_back(inputs.size());
      inputs.push_back(tensor_of(a));
      operands.push_back(graph.add_input(fmt::format("x{}", inputs.size()), {a.dtype, Shape(a.shape.begin(), a.shape.end())}));
    }
    Node* node = graph.add_node(g.op, operands, g.declared.size(), g.attributes);
    for (std::size_t o = 0; o < g.declared.size(); ++o) {
      node->outputs[o]->name = fmt::format("y{}", values_.size());
      if (declare_) node->outputs[o]->declared = g.declared[o];
      values_.push_back(node->outputs[o]);
    }
    graph.set_outputs(values_);
  }
  Tensor operand(std::size_t k, const std::vector<Real>& elements) const {
    Array a = array_of(inputs[position[k]]);
    a.values = elements;
    return tensor_of(a);
  }

  Graph graph;
  std::vector<Tensor> inputs;
  std::vector<std::size_t> position;  // of each case: the operand that is tried

 private:
  bool declare_;
  std::vector<Value*> values_;
};

std::string expect_equal(const std::vector<Tensor>& actual, const std::vector<Tensor>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!actual[i].same(expected[i])) return fmt::format("output {} differs", i);
  return {};
}

TEST(ShapeOperands, AreReadByTheReferenceInterpreterToo) {
  for (const Given& g : all()) {
    Model m;
    m.add(g);
    Diagnostics problems;
    ASSERT_TRUE(infer_types(m.graph, problems)) << g.op << ": " << problems.errors()[0].message;
    const Program program = plan(m.graph, false);
    for (const auto& elements : g.good) {
      m.inputs[m.position[0]] = m.operand(0, elements);
      EXPECT_EQ(expect_equal(evaluate(program, m.inputs, {}), evaluate_graph(m.graph, m.inputs)), "") << g.op;
    }
    for (const auto& elements : g.bad) {
      m.inputs[m.position[0]] = m.operand(0, elements);
      EXPECT_THROW((void)evaluate(program, m.inputs, {}), UserError) << g.op << " " << elements[0];
    }
  }
}

// Whether all operands that are read at run time are sizes: each is one of Dims then.
bool gives_sizes(const Given& g) {
  const std::set<std::string_view> ops{"Reshape", "Expand",        "ConstantOfShape", "Split",      "Tile",   "TopK",
                                       "OneHot",  "CenterCropPad", "HannWindow",      "AffineGrid", "Col2Im", "Pad"};
  return ops.contains(g.op);
}

TEST(ShapeOperands, AreRefusedWithoutADeclaredShape) {
  for (const Given& g : all()) {
    Model m(false);
    m.add(g);
    Diagnostics problems;
    if (infer_types(m.graph, problems)) {
      EXPECT_TRUE(gives_sizes(g)) << g.op;
      EXPECT_FALSE(m.graph.symbols().all().empty()) << g.op;
      continue;
    }
    ASSERT_FALSE(problems.errors().empty()) << g.op;
    EXPECT_TRUE(problems.errors()[0].message.starts_with(g.op)) << problems.errors()[0].message;
    EXPECT_NE(problems.errors()[0].message.find("is not known before run time"), std::string::npos) << problems.errors()[0].message;
    EXPECT_NE(problems.errors()[0].help.find("value_info"), std::string::npos) << problems.errors()[0].help;
  }
}

TEST(ShapeOperands, ThatAreConstantAreNotChecked) {
  Graph graph;
  Value* x = graph.add_input("x", {DType::float32, {2, 3}});
  const std::int64_t to[] = {3, 2};
  Node* n = graph.add_node("Reshape", {x, graph.add_constant(inferc::tensor_of<std::int64_t>({2}, to))});
  n->outputs[0]->declared = Shape{3, 2};
  graph.set_outputs({n->out()});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems));
  for (const Call& c : plan(graph, false).calls) EXPECT_FALSE(c.guards.has_value()) << c.kernel;
}

// A declared size that is a symbol is compared with its value.
TEST(ShapeOperands, MayBeSymbolic) {
  Graph graph;
  graph.symbols().declare("n");
  Value* x = graph.add_input("x", {DType::float32, {Dim::symbol("n"), 4}});
  Node* n = graph.add_node("Reshape", {x, graph.add_input("shape", {DType::int64, {3}})});
  n->outputs[0]->declared = Shape{Dim::symbol("n"), 2, 2};
  graph.set_outputs({n->out()});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems));
  const Program program = plan(graph, false);
  const auto run = [&](std::vector<std::int64_t> shape) {
    return evaluate(program, std::vector{Tensor(DType::float32, {5, 4}), inferc::tensor_of<std::int64_t>({3}, shape)}, {{"n", 5}});
  };
  EXPECT_EQ(run({5, 2, 2})[0].shape(), (std::vector<std::int64_t>{5, 2, 2}));
  EXPECT_EQ(run({0, 2, -1})[0].shape(), (std::vector<std::int64_t>{5, 2, 2}));
  EXPECT_THROW((void)run({4, 2, 2}), UserError);
}

// Sizes that operators on constants compute are known, whatever the operators are.
TEST(ShapeOperands, ComputedFromConstantsAreKnown) {
  Graph graph;
  const std::int64_t two[] = {-2};
  Value* x = graph.add_input("x", {DType::float32, {3}});
  Value* negative = graph.add_constant(inferc::tensor_of<std::int64_t>({1}, two));
  Node* cast = graph.add_node("Cast", {graph.add_node("Neg", {negative})->out()}, 1, {{"to", std::int64_t{1}}});
  Node* back =
      graph.add_node("Cast", {graph.add_node("Sqrt", {graph.add_node("Mul", {cast->out(), cast->out()})->out()})->out()}, 1, {{"to", std::int64_t{7}}});
  graph.set_outputs({graph.add_node("Tile", {x, back->out()})->out()});
  Diagnostics problems;
  ASSERT_TRUE(infer_types(graph, problems)) << problems.errors()[0].message;
  EXPECT_EQ(graph.outputs()[0]->type->shape, Shape{6});
}

Value* number_of(Graph& graph, float value) {
  Tensor t(DType::float32, {});
  t.as<float>()[0] = value;
  return graph.add_constant(t);
}

// Through operators that keep a shape, a declared one tells where it came from; not where another operand may have widened it.
TEST(ShapeOperands, AreKnownFromADeclaredShapeFurtherOn) {
  for (const bool widened : {false, true}) {
    Graph graph;
    Value* limit = graph.add_input("limit", {DType::float32, {}});
    Value* range = graph.add_node("Range", {number_of(graph, 0), limit, number_of(graph, 1)})->out();
    Value* scaled = graph.add_node("Mul", {range, graph.add_node("Div", {number_of(graph, 2), limit})->out()})->out();
    Node* last = graph.add_node("Add", {graph.add_node("Cos", {scaled})->out(), widened ? graph.add_input("x", {DType::float32, {5}}) : range});
    last->outputs[0]->declared = Shape{5};
    graph.set_outputs({last->out()});
    Diagnostics problems;
    EXPECT_EQ(infer_types(graph, problems), !widened);
    if (!widened) {
      EXPECT_EQ(range->type->shape, Shape{5});
    }
  }
}

LoadedModel& built() {
  static Model m;
  for (const Given& g : all()) m.add(g);
  Diagnostics problems;
  if (!infer_types(m.graph, problems)) throw UserError(problems.errors());
  run_pipeline(m.graph);
  static LoadedModel loaded(test::built(plan(m.graph), "shape_operands", {"base"}));
  return loaded;
}

bool untouched(const std::vector<Tensor>& outputs) {
  return std::all_of(outputs.begin(), outputs.end(),
                     [](const Tensor& t) { return std::all_of(t.bytes().begin(), t.bytes().end(), [](std::byte b) { return b == std::byte{0}; }); });
}

TEST(ShapeOperands, OfGeneratedCodeAreCheckedBeforeAnythingIsWritten) {
  const std::vector<Given> cases = all();
  Model m;
  for (const Given& g : cases) m.add(g);
  const LoadedModel& loaded = built();
  for (std::size_t k = 0; k < cases.size(); ++k) {
    for (const auto& elements : cases[k].good) {
      std::vector<Tensor> inputs = m.inputs;
      inputs[m.position[k]] = m.operand(k, elements);
      EXPECT_EQ(expect_equal(run_model(loaded, inputs), evaluate_graph(m.graph, inputs)), "") << cases[k].op << " " << k;
    }
    for (const auto& elements : cases[k].bad) {
      std::vector<Tensor> inputs = m.inputs;
      inputs[m.position[k]] = m.operand(k, elements);
      BoundCall call(loaded, {}, inputs);
      const int status = call.run();
      EXPECT_EQ(status, inferc_dim_mismatch) << cases[k].op << " " << k << " " << elements[0];
      EXPECT_TRUE(untouched(call.outputs())) << cases[k].op;
      try {
        call.require(status);
      } catch (const UserError& e) {
        EXPECT_NE(std::string(e.what()).find("dim_mismatch (input 'x"), std::string::npos) << e.what();
      }
    }
  }
}

// The three whose operands are searched for are left out: of them no self-test is written.
TEST(ShapeOperands, HaveValuesThatFitInTheSamplesOfTheSelfTest) {
  for (const Given& g : all()) {
    if (g.op == "Col2Im" || g.op == "DFT" || g.op == "STFT") continue;
    Model m;
    m.add(g);
    Diagnostics problems;
    ASSERT_TRUE(infer_types(m.graph, problems)) << g.op;
    EXPECT_FALSE(reference_samples(m.graph).empty()) << g.op << " " << g.inputs.size();
  }
}

}  // namespace
}  // namespace inferc::test
