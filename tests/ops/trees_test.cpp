#include <cmath>

#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "tests/ops/run_node.hpp"

// ai.onnx.ml on tensors.
namespace inferc::test {
namespace {

Tensor modes(const std::vector<std::uint8_t>& m) { return tensor<std::uint8_t>({static_cast<std::int64_t>(m.size())}, m); }

std::vector<Tensor> run_ml(const std::string& op, const std::vector<Tensor>& inputs, Attributes attributes) {
  Graph graph;
  std::vector<Value*> operands;
  std::vector<const Tensor*> given;
  for (const Tensor& t : inputs) operands.push_back(graph.add_constant(t)), given.push_back(&t);
  Node* node = graph.add_node(op, operands, 1, std::move(attributes));
  node->domain = "ai.onnx.ml";
  return evaluate_node(*node, given);
}

std::string error_ml(const std::string& op, const std::vector<Tensor>& inputs, Attributes attributes) {
  try {
    run_ml(op, inputs, std::move(attributes));
  } catch (const UserError& e) {
    return e.what();
  }
  return {};
}

// x0 <= 3 ? (x1 > 1 ? leaf 0 : leaf 1) : leaf 2, with target 0 for the first two, 1 for the last; and a tree that is leaf 1.
Attributes two_trees() {
  return {{"nodes_modes", modes({0, 3, 0})},        {"nodes_splits", f32({3}, {3, 1, 0})},  {"nodes_featureids", Integers{0, 1, 0}},
          {"nodes_truenodeids", Integers{1, 0, 1}}, {"nodes_trueleafs", Integers{0, 1, 1}}, {"nodes_falsenodeids", Integers{2, 1, 1}},
          {"nodes_falseleafs", Integers{1, 1, 1}},  {"leaf_targetids", Integers{0, 0, 1}},  {"leaf_weights", f32({3}, {1, 10, 100})},
          {"tree_roots", Integers{0, 2}},           {"n_targets", std::int64_t{2}}};
}

TEST(TreeEnsemble, AddsTheLeavesThatARowReaches) {
  const Tensor x = f32({4, 2}, {1, 2, 1, 0, 4, 0, NAN, 2});
  EXPECT_EQ(run_ml("TreeEnsemble", {x}, two_trees())[0], f32({4, 2}, {11, 0, 20, 0, 10, 100, 10, 100}));
  EXPECT_EQ(run_ml("TreeEnsemble", {f64({1, 2}, {1, 2})},
                   [] {
                     Attributes a = two_trees();
                     a["nodes_splits"] = f64({3}, {3, 1, 0}), a["leaf_weights"] = f64({3}, {1, 10, 100});
                     return a;
                   }())[0],
            f64({1, 2}, {11, 0}));
}

TEST(TreeEnsemble, AggregatesAsStated) {
  const Tensor x = f32({1, 2}, {1, 2});
  const auto aggregate = [&](std::int64_t how) {
    Attributes a = two_trees();
    a["aggregate_function"] = how;
    return run_ml("TreeEnsemble", {x}, a)[0].as<float>()[0];
  };
  EXPECT_EQ(aggregate(0), 5.5f);
  EXPECT_EQ(aggregate(1), 11);
  EXPECT_EQ(aggregate(2), 1);
  EXPECT_EQ(aggregate(3), 10);
}

TEST(TreeEnsemble, FollowsMissingValuesAndSets) {
  Attributes a = two_trees();
  a["nodes_missing_value_tracks_true"] = Integers{1, 0, 0};
  EXPECT_EQ(run_ml("TreeEnsemble", {f32({1, 2}, {NAN, 2})}, a)[0], f32({1, 2}, {11, 0}));
  a["nodes_modes"] = modes({6, 3, 0});
  a["membership_values"] = f32({3}, {7, -2, NAN});
  EXPECT_EQ(run_ml("TreeEnsemble", {f32({3, 2}, {7, 2, -2, 0, 3, 0})}, a)[0], f32({3, 2}, {11, 0, 20, 0, 10, 100}));
}

TEST(TreeEnsemble, TransformsTheResult) {
  Attributes a = two_trees();
  a["leaf_weights"] = f32({3}, {0, 0, 0});
  const auto y = [&](std::int64_t transform) {
    a["post_transform"] = transform;
    return values<float>(run_ml("TreeEnsemble", {f32({1, 2}, {1, 2})}, a)[0]);
  };
  EXPECT_EQ(y(1), (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(y(2), (std::vector<float>{0.5f, 0.5f}));
  EXPECT_EQ(y(3), (std::vector<float>{0, 0}));
}

TEST(TreeEnsemble, RefusesWhatIsNoTree) {
  const Tensor x = f32({1, 2}, {1, 2});
  const auto with = [&](const char* key, Attribute value) {
    Attributes a = two_trees();
    a[key] = std::move(value);
    return error_ml("TreeEnsemble", {x}, a);
  };
  EXPECT_NE(with("nodes_featureids", Integers{0, 2, 0}).find("node 1 reads feature 2 of 2"), std::string::npos);
  EXPECT_NE(with("nodes_truenodeids", Integers{7, 0, 1}).find("node 0 has a child that does not exist"), std::string::npos);
  EXPECT_NE(with("nodes_trueleafs", Integers{0, 0, 1}).find("its own descendant"), std::string::npos);
  EXPECT_NE(with("tree_roots", Integers{-4}).find("root 2147483647 does not exist"), std::string::npos);
  EXPECT_NE(with("leaf_targetids", Integers{0, 0, 2}).find("target 2 of 2"), std::string::npos);
  EXPECT_NE(with("nodes_featureids", Integers{0, 1}).find("different lengths"), std::string::npos);
  EXPECT_NE(with("nodes_modes", modes({6, 3, 0})).find("too few sets"), std::string::npos);
  EXPECT_NE(with("post_transform", std::int64_t{4}).find("post_transform 4"), std::string::npos);
}

using Words = std::vector<std::string>;

// x0 <= 1 ? leaf of class 0 : leaf of class 1, each with weight 2.
Attributes stump() {
  return {{"nodes_treeids", Integers{0, 0, 0}},
          {"nodes_nodeids", Integers{0, 1, 2}},
          {"nodes_featureids", Integers{0, 0, 0}},
          {"nodes_values", std::vector<float>{1, 0, 0}},
          {"nodes_modes", Words{"BRANCH_LEQ", "LEAF", "LEAF"}},
          {"nodes_truenodeids", Integers{1, 0, 0}},
          {"nodes_falsenodeids", Integers{2, 0, 0}},
          {"class_treeids", Integers{0, 0}},
          {"class_nodeids", Integers{1, 2}},
          {"class_ids", Integers{0, 1}},
          {"class_weights", std::vector<float>{2, 2}},
          {"classlabels_int64s", Integers{7, 9}}};
}

TEST(TreeEnsembleClassifier, GivesTheLabelOfTheLargestScore) {
  Graph graph;
  const Tensor x = f32({2, 1}, {1, 2});
  Node* n = graph.add_node("TreeEnsembleClassifier", {graph.add_constant(x)}, 2, stump());
  n->domain = "ai.onnx.ml";
  const std::vector<Tensor> y = evaluate_node(*n, {&x});
  EXPECT_EQ(y[0], i64({2}, {7, 9}));
  EXPECT_EQ(y[1], f32({2, 2}, {2, 0, 0, 2}));
}

TEST(TreeEnsembleClassifier, RefusesWhatIsNoTree) {
  const Tensor x = f32({1, 1}, {1});
  const auto with = [&](const char* key, Attribute value) {
    Attributes a = stump();
    a[key] = std::move(value);
    return error_ml("TreeEnsembleClassifier", {x}, a);
  };
  EXPECT_NE(with("nodes_modes", Words{"BRANCH_LEQ", "LEAF", "TWIG"}).find("node 2 has mode 'TWIG'"), std::string::npos);
  EXPECT_NE(with("nodes_truenodeids", Integers{5, 0, 0}).find("node 0 of tree 0 has a child that does not exist"), std::string::npos);
  EXPECT_NE(with("nodes_truenodeids", Integers{2, 0, 0}).find("tree 0 has two roots"), std::string::npos);
  EXPECT_NE(with("nodes_nodeids", Integers{0, 1, 1}).find("node 1 of tree 0 is defined twice"), std::string::npos);
  EXPECT_NE(with("class_nodeids", Integers{0, 2}).find("node 0 of tree 0, which is no leaf"), std::string::npos);
  EXPECT_NE(with("class_ids", Integers{0}).find("different lengths"), std::string::npos);
  EXPECT_NE(with("class_ids", Integers{0, 2}).find("target 2 of 2"), std::string::npos);
  EXPECT_NE(with("nodes_featureids", Integers{3, 0, 0}).find("reads feature 3 of 1"), std::string::npos);
  EXPECT_NE(with("base_values", std::vector<float>{1}).find("1 base_values, 0"), std::string::npos);
  EXPECT_NE(with("post_transform", std::string("COSINE")).find("post_transform 'COSINE'"), std::string::npos);
  EXPECT_NE(with("classlabels_int64s", Integers{7}).find("1 classes, two or more"), std::string::npos);
}

// Labels that are strings: only where nobody reads them.
TEST(TreeEnsembleClassifier, RefusesStringsThatAreRead) {
  for (const bool read : {false, true}) {
    Graph graph;
    Node* n = graph.add_node("TreeEnsembleClassifier", {graph.add_input("x", {DType::float32, {Dim(2), Dim(1)}})}, 2, stump());
    n->domain = "ai.onnx.ml";
    n->attributes.erase("classlabels_int64s");
    n->attributes["classlabels_strings"] = Words{"b", "c"};
    graph.set_outputs(read ? n->outputs : std::vector<Value*>{n->outputs[1]});
    Diagnostics problems;
    EXPECT_EQ(infer_types(graph, problems), !read);
    EXPECT_EQ(read, problems.failed() && problems.errors()[0].message.find("labels are strings") != std::string::npos);
  }
}

TEST(ZipMap, IsRefusedWithARemedy) {
  Graph graph;
  graph.add_node("ZipMap", {graph.add_input("x", {DType::float32, {Dim(2), Dim(2)}})})->domain = "ai.onnx.ml";
  Diagnostics problems;
  EXPECT_FALSE(infer_types(graph, problems));
  EXPECT_NE(problems.errors()[0].help.find("'zipmap': False"), std::string::npos);
}

TEST(Scaler, KeepsFloat64UntilTheEnd) {
  EXPECT_EQ(run_ml("Scaler", {f64({1, 1}, {1e9 + 0.5})}, {{"offset", std::vector<float>{1e9f}}, {"scale", std::vector<float>{2}}})[0], f32({1, 1}, {1}));
}

TEST(Binarizer, ComparesWithTheThreshold) {
  EXPECT_EQ(run_ml("Binarizer", {f32({4}, {-1, 0.5f, 0.75f, NAN})}, {{"threshold", 0.5f}})[0], f32({4}, {0, 0, 1, 0}));
  EXPECT_EQ(run_ml("Binarizer", {i64({3}, {-1, 0, 1})}, {})[0], i64({3}, {0, 0, 1}));
}

TEST(LabelEncoder, TakesIntegersOfAllWidths) {
  const Tensor keys = tensor<std::int16_t>({3}, {5, -2, 5}), values = i32({3}, {7, 8, 9});
  EXPECT_EQ(run_ml("LabelEncoder", {tensor<std::int16_t>({3}, {-2, 0, 5})}, {{"keys_tensor", keys}, {"values_tensor", values}})[0], i32({3}, {8, -1, 7}));
}

TEST(ArrayFeatureExtractor, TakesColumnsOfTheLastAxis) {
  const Tensor x = i32({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(run_ml("ArrayFeatureExtractor", {x, i64({2}, {2, 0})}, {})[0], i32({2, 2}, {3, 1, 6, 4}));
  EXPECT_EQ(run_ml("ArrayFeatureExtractor", {f32({3}, {1, 2, 3}), i64({1, 2}, {1, 1})}, {})[0], f32({1, 2}, {2, 2}));
  EXPECT_NE(error_ml("ArrayFeatureExtractor", {x, i64({1}, {3})}, {}).find("index is out of range"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
