#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/scores.hpp"
#include "compiler/ops/trees.hpp"

namespace inferc::op_TreeEnsemble {
namespace {

using Integers = std::vector<std::int64_t>;

std::optional<std::vector<double>> reals(const Node& n, const char* key) {
  const Tensor t = n.attr(key, Tensor());
  std::vector<double> out;
  for (std::size_t k = 0; k < t.size(); ++k) {
    if (t.dtype() == DType::float32) out.push_back(static_cast<double>(t.as<float>()[k]));
    else if (t.dtype() == DType::float64) out.push_back(t.as<double>()[k]);
    else return std::nullopt;
  }
  return out;
}

std::vector<std::int32_t> narrow(const Integers& values) {  // what does not fit is no index
  std::vector<std::int32_t> out;
  for (const std::int64_t v : values) out.push_back(v < 0 || v > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(v));
  return out;
}

std::vector<std::int32_t> children(const Integers& ids, const Integers& is_leaf) {
  std::vector<std::int32_t> out = narrow(ids);
  for (std::size_t k = 0; k < out.size() && k < is_leaf.size(); ++k)
    if (is_leaf[k] != 0) out[k] = -1 - std::min(out[k], INT32_MAX - 1);
  return out;
}

// Where the members of each node of mode 6 begin: sets end with NaN and stand in the order of the nodes.
bool find_members(trees::Ensemble& e) {
  std::size_t at = 0;
  for (const std::uint8_t mode : e.mode) {
    e.member.push_back(0);
    if ((mode & 7) != 6) continue;
    e.member.back() = static_cast<std::int32_t>(at);
    while (at < e.members.size() && !std::isnan(e.members[at])) ++at;
    if (at++ >= e.members.size()) return false;
  }
  return true;
}

// Leaf k has the entries from starts[k] up to starts[k + 1]; without `starts`, which is ours, one each.
bool fill_leaves(trees::Ensemble& e, const std::vector<std::int32_t>& target, const std::vector<double>& weight, const Integers& starts) {
  const std::size_t leaves = starts.empty() ? target.size() : starts.size() - 1;
  for (std::size_t k = 0; k < leaves; ++k) {
    const auto first = starts.empty() ? k : static_cast<std::size_t>(starts[k]), last = starts.empty() ? k + 1 : static_cast<std::size_t>(starts[k + 1]);
    if (first > last || last > target.size()) return false;
    e.leaves.emplace_back();
    for (std::size_t at = first; at < last; ++at) e.leaves.back().push_back({target[at], weight[at]});
  }
  return true;
}

struct Tables {
  trees::Ensemble ensemble;
  std::string fault;
};

Tables read_tables(const Node& n) {
  Tables out;
  trees::Ensemble& e = out.ensemble;
  const auto list = [&](const char* key) { return n.attr(key, Integers()); };
  const Tensor modes = n.attr("nodes_modes", Tensor());
  const auto splits = reals(n, "nodes_splits"), weights = reals(n, "leaf_weights"), members = reals(n, "membership_values");
  const Integers targets = list("leaf_targetids"), tracks = list("nodes_missing_value_tracks_true");
  const std::int64_t transform = n.attr_int("post_transform", 0), aggregate = n.attr_int("aggregate_function", 1);
  if (!n.attributes.contains("tree_roots")) return {{}, "attribute 'tree_roots' is missing"};
  if (modes.dtype() != DType::uint8 || !splits || !weights || !members) return {{}, "nodes_modes must be uint8, splits, weights and members floats"};
  if (transform < 0 || transform > 3) return {{}, fmt::format("post_transform {} is not supported, 0 to 3 are", transform)};
  if (aggregate < 0 || aggregate > 3) return {{}, fmt::format("aggregate_function {} is not defined", aggregate)};
  if (targets.size() != weights->size()) return {{}, "leaf_targetids and leaf_weights have different lengths"};
  for (std::size_t k = 0; k < modes.size(); ++k) {
    const auto mode = modes.as<std::uint8_t>()[k];
    if (mode > 6) return {{}, fmt::format("node {} has mode {}", k, mode)};
    e.mode.push_back(static_cast<std::uint8_t>(mode | (k < tracks.size() && tracks[k] != 0 ? 8 : 0)));
  }
  e.roots = narrow(list("tree_roots")), e.feature = narrow(list("nodes_featureids"));
  e.yes = children(list("nodes_truenodeids"), list("nodes_trueleafs")), e.no = children(list("nodes_falsenodeids"), list("nodes_falseleafs"));
  e.split = *splits, e.members = *members;
  if (!fill_leaves(e, narrow(targets), *weights, n.attr("leaf_starts", Integers()))) return {{}, "leaf_starts does not divide the leaves"};
  e.targets = n.attr_int("n_targets", 1), e.aggregate = static_cast<std::size_t>(aggregate);
  if (e.targets < 1 || e.targets > INT32_MAX) return {{}, fmt::format("n_targets is {}", e.targets)};
  if (!find_members(e)) out.fault = "membership_values holds too few sets";
  return out;
}

void infer(Infer& i) {
  const Tables t = read_tables(i.node);
  if (!t.fault.empty()) i.fail(t.fault);
  else trees::infer(i, t.ensemble, i.dtype(0));
}

bool lower_fast(Lower& l) { return trees::lower_fast(l, read_tables(l.node).ensemble); }

void lower(Lower& l) { trees::lower(l, read_tables(l.node).ensemble, l.type(0).dtype); }

// The sums, then post_transform SOFTMAX, LOGISTIC, SOFTMAX_ZERO as nodes.
bool expand(Expand& e) {
  const auto at = e.node.attributes.find("post_transform");
  if (at == e.node.attributes.end()) return false;
  constexpr const char* names[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"};
  const std::string transform = names[e.node.attr_int("post_transform", 0)];
  e.node.attributes.erase(at);
  const Attributes rest = e.node.attributes;
  Value* y = e("TreeEnsemble", {e.in(0)}, rest, "ai.onnx.ml");
  e.give(0, scores::transformed(e, y, transform));
  return true;
}

}  // namespace

extern const Op op = {.name = "TreeEnsemble",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"aggregate_function", AttributeKind::integer},
                                     {"leaf_starts", AttributeKind::integers},
                                     {"leaf_targetids", AttributeKind::integers},
                                     {"leaf_weights", AttributeKind::tensor},
                                     {"membership_values", AttributeKind::tensor},
                                     {"n_targets", AttributeKind::integer},
                                     {"nodes_falseleafs", AttributeKind::integers},
                                     {"nodes_falsenodeids", AttributeKind::integers},
                                     {"nodes_featureids", AttributeKind::integers},
                                     {"nodes_hitrates", AttributeKind::tensor},
                                     {"nodes_missing_value_tracks_true", AttributeKind::integers},
                                     {"nodes_modes", AttributeKind::tensor},
                                     {"nodes_splits", AttributeKind::tensor},
                                     {"nodes_trueleafs", AttributeKind::integers},
                                     {"nodes_truenodeids", AttributeKind::integers},
                                     {"post_transform", AttributeKind::integer},
                                     {"tree_roots", AttributeKind::integers}},
                      .infer = infer,
                      .expand = expand,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "5"};

}  // namespace inferc::op_TreeEnsemble
