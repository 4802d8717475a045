#include <random>

#include "tests/support/op_table.hpp"

// Decision trees: sums of weights that float32 holds exactly, so that every way of evaluation gives the same bits.
namespace inferc::test {
namespace {

struct Forest {
  Integers roots, feature, yes, no, yes_leaf, no_leaf, missing, target;
  std::vector<std::uint8_t> mode;
  std::vector<Real> split, weight, members;
};

struct Kind {
  std::int64_t trees = 5, targets = 1;
  int depth = 3;
  std::uint32_t modes = 1;  // how many of them, from BRANCH_LEQ on
  bool missing = false;
};

constexpr std::int64_t features = 4;

class Growth {
 public:
  Growth(const Kind& kind, unsigned seed) : kind_(kind), random_(seed) {
    for (std::int64_t t = 0; t < kind.trees; ++t) forest.roots.push_back(node(0, t % kind.targets));
  }
  Forest forest;

 private:
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  std::int64_t leaf(std::int64_t target) {
    forest.target.push_back(target);
    forest.weight.push_back(static_cast<Real>(below(65)) / 8 - 4);
    return static_cast<std::int64_t>(forest.target.size()) - 1;
  }
  std::int64_t node(int level, std::int64_t target) {
    const std::size_t k = forest.mode.size();
    const auto mode = static_cast<std::uint8_t>(below(kind_.modes));
    forest.mode.push_back(mode);
    forest.feature.push_back(below(features));
    forest.split.push_back(static_cast<Real>(below(17)) / 4 - 2);
    forest.missing.push_back(kind_.missing ? below(2) : 0);
    for (Integers* list : {&forest.yes, &forest.no, &forest.yes_leaf, &forest.no_leaf}) list->push_back(0);
    if (mode == 6) forest.members.insert(forest.members.end(), {-1, 0.5L, not_a_number});
    for (const bool yes : {true, false}) {
      const bool inner = level + 1 < kind_.depth && below(5) != 0;
      const std::int64_t child = inner ? node(level + 1, target) : leaf(target);
      (yes ? forest.yes : forest.no)[k] = child;
      (yes ? forest.yes_leaf : forest.no_leaf)[k] = !inner;
    }
    return static_cast<std::int64_t>(k);
  }
  Kind kind_;
  std::mt19937 random_;
};

bool holds(const Forest& f, std::size_t k, Real x) {
  if (f.missing[k] != 0 && std::isnan(x)) return true;
  const Real v = f.split[k];
  switch (f.mode[k]) {
    case 0:
      return x <= v;
    case 1:
      return x < v;
    case 2:
      return x >= v;
    case 3:
      return x > v;
    case 4:
      return x == v;
    case 5:
      return x != v;
    default:
      return x == -1 || x == 0.5L;
  }
}

Array expected(const Forest& f, const Array& x, const Kind& kind) {
  Array y(x.dtype, {x.shape[0], kind.targets});
  for (std::int64_t r = 0; r < x.shape[0]; ++r)
    for (const std::int64_t root : f.roots) {
      std::int64_t at = root;
      for (bool leaf = false; !leaf;) {
        const auto k = static_cast<std::size_t>(at);
        const bool yes = holds(f, k, x.at({r, f.feature[k]}));
        at = yes ? f.yes[k] : f.no[k];
        leaf = (yes ? f.yes_leaf : f.no_leaf)[k] != 0;
      }
      y.at({r, f.target[static_cast<std::size_t>(at)]}) += f.weight[static_cast<std::size_t>(at)];
    }
  return y;
}

Attributes attributes(const Forest& f, const Kind& kind, DType t) {
  const auto reals = [&](const std::vector<Real>& v) { return tensor_of(Array(t, {static_cast<std::int64_t>(v.size())}, v)); };
  const auto n = static_cast<std::int64_t>(f.mode.size());
  Attributes a{{"nodes_modes", inferc::tensor_of<std::uint8_t>({n}, std::span<const std::uint8_t>(f.mode))},
               {"nodes_splits", reals(f.split)},
               {"nodes_featureids", f.feature},
               {"nodes_truenodeids", f.yes},
               {"nodes_falsenodeids", f.no},
               {"nodes_trueleafs", f.yes_leaf},
               {"nodes_falseleafs", f.no_leaf},
               {"nodes_missing_value_tracks_true", f.missing},
               {"leaf_targetids", f.target},
               {"leaf_weights", reals(f.weight)},
               {"tree_roots", f.roots},
               {"n_targets", kind.targets}};
  if (!f.members.empty()) a["membership_values"] = reals(f.members);
  return a;
}

void tree_ensemble(Cases& cases) {
  unsigned seed = 1;
  const auto add = [&](DType t, std::int64_t rows, const Kind& kind) {
    const Forest f = Growth(kind, seed).forest;
    Array x = random(t, {rows, features}, seed++, -3, 3);
    for (std::size_t k = 0; k < x.values.size(); ++k) {
      if (k % 3 == 0) x.values[k] = std::round(x.values[k] * 4) / 4;  // on thresholds
      if (kind.missing && k % 7 == 0) x.values[k] = not_a_number;
    }
    cases.push_back({{x}, attributes(f, kind, t), {exact(expected(f, x, kind))}});
  };
  for (const DType t : {DType::float32, DType::float64}) {
    for (const std::int64_t rows : {0, 1, 3, 9, 64, 150}) {
      add(t, rows, {});
      add(t, rows, {.trees = 11, .targets = 3, .depth = 4, .modes = 4, .missing = true});
    }
    for (const int depth : {1, 5, 7, 9}) add(t, 70, {.trees = 9, .depth = depth, .modes = 4});
    add(t, 20, {.depth = 5, .modes = 7, .missing = true});
  }
}

const Rows rows{{"TreeEnsemble", tree_ensemble, "ai.onnx.ml"}};

}  // namespace
}  // namespace inferc::test
