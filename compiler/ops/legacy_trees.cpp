#include "compiler/ops/legacy_trees.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace inferc::legacy_trees {
namespace {

using Integers = std::vector<std::int64_t>;
using Key = std::pair<std::int64_t, std::int64_t>;  // tree, node

Integers integers(const Node& n, const char* key) { return n.attr(key, Integers()); }

std::optional<std::uint8_t> mode_of(const std::string& name) {
  static const std::map<std::string, std::uint8_t> modes = {{"BRANCH_LEQ", 0}, {"BRANCH_LT", 1}, {"BRANCH_GTE", 2},
                                                            {"BRANCH_GT", 3},  {"BRANCH_EQ", 4}, {"BRANCH_NEQ", 5}};
  const auto at = modes.find(name);
  return at == modes.end() ? std::nullopt : std::optional(at->second);
}

Tensor doubles(const std::vector<double>& values) { return tensor_of<double>({static_cast<std::int64_t>(values.size())}, std::span<const double>(values)); }

// Where a node stands: an inner one by its number among these, a leaf likewise.
struct Place {
  bool leaf = false;
  std::int64_t index = 0;
};

class Converter {
 public:
  Converter(const Node& n, const Kind& kind, std::int64_t targets) : n_(n), kind_(kind), targets_(targets) {}
  Ensemble run() {
    if (place_nodes() && link() && fill_leaves()) write();
    return std::move(out_);
  }

 private:
  bool fail(std::string fault) {
    out_.fault = std::move(fault);
    return false;
  }

  bool place_nodes() {
    trees_ = integers(n_, "nodes_treeids"), ids_ = integers(n_, "nodes_nodeids");
    features_ = integers(n_, "nodes_featureids"), yes_ = integers(n_, "nodes_truenodeids"), no_ = integers(n_, "nodes_falsenodeids");
    values_ = reals(n_, "nodes_values", "nodes_values_as_tensor");
    tracks_ = integers(n_, "nodes_missing_value_tracks_true");
    modes_ = n_.attr("nodes_modes", std::vector<std::string>());
    const std::size_t n = modes_.size();
    for (const std::size_t size : {trees_.size(), ids_.size(), features_.size(), yes_.size(), no_.size(), values_.size()})
      if (size != n) return fail("its lists of nodes have different lengths");
    std::int64_t inner = 0;
    for (std::size_t k = 0; k < n; ++k) {
      const bool leaf = modes_[k] == "LEAF";
      if (!leaf && !mode_of(modes_[k])) return fail(fmt::format("node {} has mode '{}'", k, escape(modes_[k])));
      if (!places_.emplace(Key{trees_[k], ids_[k]}, Place{leaf, leaf ? leaves_++ : inner++}).second)
        return fail(fmt::format("node {} of tree {} is defined twice", ids_[k], trees_[k]));
    }
    return true;
  }

  const Place* find(std::int64_t tree, std::int64_t node) const {
    const auto at = places_.find({tree, node});
    return at == places_.end() ? nullptr : &at->second;
  }

  // Children and, tree by tree in order of first appearance, the node that is no child.
  bool link() {
    std::set<Key> children;
    for (std::size_t k = 0; k < modes_.size(); ++k) {
      if (modes_[k] == "LEAF") continue;
      const Place *yes = find(trees_[k], yes_[k]), *no = find(trees_[k], no_[k]);
      if (!yes || !no) return fail(fmt::format("node {} of tree {} has a child that does not exist", ids_[k], trees_[k]));
      children.insert({trees_[k], yes_[k]});
      children.insert({trees_[k], no_[k]});
      mode_.push_back(*mode_of(modes_[k]));
      split_.push_back(values_[k]);
      feature_.push_back(features_[k]);
      track_.push_back(k < tracks_.size() && tracks_[k] != 0 ? 1 : 0);
      true_.push_back(yes->index), true_leaf_.push_back(yes->leaf);
      false_.push_back(no->index), false_leaf_.push_back(no->leaf);
    }
    return find_roots(children);
  }

  // A root that is a leaf becomes a node whose children are that leaf.
  bool find_roots(const std::set<Key>& children) {
    std::map<std::int64_t, std::size_t> seen;
    for (std::size_t k = 0; k < modes_.size(); ++k) {
      if (children.contains({trees_[k], ids_[k]})) continue;
      if (seen[trees_[k]]++ != 0) return fail(fmt::format("tree {} has two roots", trees_[k]));
      const Place& p = *find(trees_[k], ids_[k]);
      root_.push_back(p.leaf ? static_cast<std::int64_t>(mode_.size()) : p.index);
      if (!p.leaf) continue;
      mode_.push_back(0), split_.push_back(0), feature_.push_back(0), track_.push_back(0);
      true_.push_back(p.index), true_leaf_.push_back(1), false_.push_back(p.index), false_leaf_.push_back(1);
    }
    for (const std::int64_t tree : trees_)
      if (!seen.contains(tree)) return fail(fmt::format("tree {} has no root", tree));
    return true;
  }

  bool fill_leaves() {
    const Integers trees = integers(n_, kind_.trees), nodes = integers(n_, kind_.nodes), ids = integers(n_, kind_.ids);
    const std::vector<double> weights = reals(n_, kind_.weights, kind_.weights_tensor);
    if (trees.size() != nodes.size() || trees.size() != ids.size() || trees.size() != weights.size())
      return fail(fmt::format("its lists of {} have different lengths", kind_.weights));
    entries_.resize(static_cast<std::size_t>(leaves_));
    for (std::size_t k = 0; k < trees.size(); ++k) {
      const Place* p = find(trees[k], nodes[k]);
      if (!p || !p->leaf) return fail(fmt::format("{} names node {} of tree {}, which is no leaf", kind_.nodes, nodes[k], trees[k]));
      entries_[static_cast<std::size_t>(p->index)].emplace_back(targets_ == 1 ? 0 : ids[k], weights[k]);
    }
    return true;
  }

  void write() {
    Integers starts{0}, target;
    std::vector<double> weight;
    for (const auto& leaf : entries_) {
      for (const auto& [id, w] : leaf) target.push_back(id), weight.push_back(w);
      starts.push_back(static_cast<std::int64_t>(target.size()));
    }
    Attributes& a = out_.attributes;
    a["nodes_modes"] = tensor_of<std::uint8_t>({static_cast<std::int64_t>(mode_.size())}, std::span<const std::uint8_t>(mode_));
    a["nodes_splits"] = doubles(split_), a["leaf_weights"] = doubles(weight);
    a["nodes_featureids"] = feature_, a["nodes_missing_value_tracks_true"] = track_, a["tree_roots"] = root_;
    a["nodes_truenodeids"] = true_, a["nodes_trueleafs"] = true_leaf_, a["nodes_falsenodeids"] = false_, a["nodes_falseleafs"] = false_leaf_;
    a["leaf_targetids"] = target, a["leaf_starts"] = starts, a["n_targets"] = targets_;
    const std::string aggregate = n_.attr("aggregate_function", std::string("SUM"));
    a["aggregate_function"] = std::int64_t{aggregate == "AVERAGE" ? 0 : aggregate == "SUM" ? 1 : aggregate == "MIN" ? 2 : 3};
  }

  const Node& n_;
  const Kind& kind_;
  std::int64_t targets_, leaves_ = 0;
  Integers trees_, ids_, features_, yes_, no_, tracks_, feature_, track_, root_, true_, true_leaf_, false_, false_leaf_;
  std::vector<double> values_, split_;
  std::vector<std::string> modes_;
  std::vector<std::uint8_t> mode_;
  std::map<Key, Place> places_;
  std::vector<std::vector<std::pair<std::int64_t, double>>> entries_;
  Ensemble out_;
};

}  // namespace

std::vector<AttributeSpec> attributes(std::vector<AttributeSpec> own) {
  for (const char* key : {"nodes_falsenodeids", "nodes_featureids", "nodes_missing_value_tracks_true", "nodes_nodeids", "nodes_treeids", "nodes_truenodeids"})
    own.push_back({key, AttributeKind::integers});
  for (const char* key : {"base_values", "nodes_hitrates", "nodes_values"}) own.push_back({key, AttributeKind::reals});
  for (const char* key : {"base_values_as_tensor", "nodes_hitrates_as_tensor", "nodes_values_as_tensor"}) own.push_back({key, AttributeKind::tensor});
  own.push_back({"nodes_modes", AttributeKind::strings});
  own.push_back({"post_transform", AttributeKind::string});
  return own;
}

std::vector<double> reals(const Node& n, const char* key, const char* tensor_key) {
  const Tensor t = n.attr(tensor_key, Tensor());
  if (t.dtype() == DType::float64) return {t.as<double>().begin(), t.as<double>().end()};
  if (t.dtype() == DType::float32) return {t.as<float>().begin(), t.as<float>().end()};
  const auto list = n.attr(key, std::vector<float>());
  return {list.begin(), list.end()};
}

Ensemble convert(const Node& n, const Kind& kind, std::int64_t targets) { return Converter(n, kind, targets).run(); }

bool check(Infer& i, const Kind& kind, std::int64_t targets) {
  if (i.rank(0) != 2) return i.fail(fmt::format("X is {}, [rows, features] is supported", text(i.type(0))), "put a Reshape before it");
  const std::string aggregate = i.node.attr("aggregate_function", std::string("SUM"));
  if (aggregate != "SUM" && aggregate != "AVERAGE" && aggregate != "MIN" && aggregate != "MAX")
    return i.fail(fmt::format("aggregate_function '{}' is not defined", escape(aggregate)), "SUM, AVERAGE, MIN, MAX");
  const std::string fault = convert(i.node, kind, targets).fault;
  if (!fault.empty()) return i.fail(fault);
  return scores::check_transform(i);
}

Value* sums(Expand& e, const Kind& kind, std::int64_t targets) {
  const DType t = e.type(0).dtype == DType::float64 ? DType::float64 : DType::float32;
  Value* y = e("TreeEnsemble", {e.cast(e.in(0), t)}, convert(e.node, kind, targets).attributes, "ai.onnx.ml");
  const std::vector<double> base = reals(e.node, "base_values", "base_values_as_tensor");
  return base.empty() ? y : e("Add", {y, e.cast(e.constant(doubles(base)), t)});
}

}  // namespace inferc::legacy_trees
