#include "compiler/ops/trees.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "kernels/ref/tree_ensemble.hpp"

namespace inferc::trees {
namespace {

template <class T>
Operand table(Lower& l, const std::vector<T>& values) {
  return l.weight(tensor_of<T>({static_cast<std::int64_t>(values.size())}, std::span<const T>(values)));
}

Operand reals(Lower& l, const std::vector<double>& values, DType t) {
  if (t == DType::float64) return table(l, values);
  std::vector<float> out(values.size());
  std::transform(values.begin(), values.end(), out.begin(), [](double v) { return static_cast<float>(v); });
  return table(l, out);
}

bool in_range(std::int32_t child, const Ensemble& e) {
  const std::size_t index = static_cast<std::size_t>(child < 0 ? -1 - static_cast<std::int64_t>(child) : child);
  return index < (child < 0 ? e.leaves.size() : e.mode.size());
}

// Depth first, with the nodes on the way marked.
bool has_cycle(const Ensemble& e) {
  enum class Mark : unsigned char { fresh, open, done };
  std::vector<Mark> mark(e.mode.size(), Mark::fresh);
  std::vector<std::pair<std::int32_t, int>> way;
  for (const std::int32_t root : e.roots) {
    if (root >= 0) way.emplace_back(root, 0);
    while (!way.empty()) {
      auto& [node, next] = way.back();
      const auto at = static_cast<std::size_t>(node);
      if (next == 0 && mark[at] == Mark::done) {
        way.pop_back();
        continue;
      }
      if (next == 2) {
        mark[at] = Mark::done;
        way.pop_back();
        continue;
      }
      mark[at] = Mark::open;
      const std::int32_t child = next++ == 0 ? e.yes[at] : e.no[at];
      if (child < 0 || mark[static_cast<std::size_t>(child)] == Mark::done) continue;
      if (mark[static_cast<std::size_t>(child)] == Mark::open) return true;
      way.emplace_back(child, 0);
    }
  }
  return false;
}

}  // namespace

std::string fault_of(const Ensemble& e, std::int64_t features) {
  const std::size_t n = e.mode.size();
  if (e.feature.size() != n || e.split.size() != n || e.member.size() != n || e.yes.size() != n || e.no.size() != n)
    return "its lists of nodes have different lengths";
  for (std::size_t k = 0; k < n; ++k) {
    if (e.feature[k] < 0 || e.feature[k] >= features) return fmt::format("node {} reads feature {} of {}", k, e.feature[k], features);
    if (!in_range(e.yes[k], e) || !in_range(e.no[k], e)) return fmt::format("node {} has a child that does not exist", k);
  }
  for (const std::int32_t root : e.roots)
    if (!in_range(root, e)) return fmt::format("root {} does not exist", root);
  for (const auto& leaf : e.leaves)
    for (const Leaf& entry : leaf)
      if (entry.target < 0 || entry.target >= e.targets) return fmt::format("a leaf has target {} of {}", entry.target, e.targets);
  return has_cycle(e) ? "a node is its own descendant" : "";
}

void infer(Infer& i, const Ensemble& e, DType weight) {
  if (i.rank(0) != 2 || !i.shape(0)[1].is_constant()) {
    i.fail(fmt::format("X is {}, [rows, features] with a constant number of features is supported", text(i.type(0))));
    return;
  }
  if (const std::string fault = fault_of(e, *i.shape(0)[1].constant()); !fault.empty()) i.fail(fault);
  else i.out(0, weight, {i.shape(0)[0], Dim(e.targets)});
}

void lower(Lower& l, const Ensemble& e, DType weight) {
  std::vector<std::int32_t> first{0}, target;
  std::vector<double> weights;
  for (const auto& leaf : e.leaves) {
    for (const Leaf& entry : leaf) target.push_back(entry.target), weights.push_back(entry.weight);
    first.push_back(static_cast<std::int32_t>(target.size()));
  }
  const Shape& x = l.shape(0);
  using Inputs = Types<float, double, std::int32_t, std::int64_t>;
  const HostKernel kernel = by_dtype(l.type(0).dtype, Inputs{}, [&]<class X>(std::type_identity<X>) {
    return by_dtype(weight, FloatTypes{}, []<class W>(std::type_identity<W>) { return host(&ref::tree_ensemble<X, W>); });
  });
  l.reference("ref::tree_ensemble", "kernels/ref/tree_ensemble.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(x[0]), runtime_size(x[1]), runtime_size(Dim(e.targets)),
               runtime_size(Dim(static_cast<std::int64_t>(e.roots.size()))), read(table(l, e.roots)), read(table(l, e.feature)), read(table(l, e.mode)),
               read(reals(l, e.split, weight)), read(table(l, e.member)), read(reals(l, e.members, weight)), read(table(l, e.yes)), read(table(l, e.no)),
               read(table(l, first)), read(table(l, target)), read(reals(l, weights, weight)), runtime_size(Dim(static_cast<std::int64_t>(e.aggregate)))});
}

}  // namespace inferc::trees
