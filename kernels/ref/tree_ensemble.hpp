#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/ref/reduce.hpp"

namespace inferc::ref {

enum class Aggregate : unsigned char { average, sum, min, max };

namespace tree_detail {

// Modes of a node: x <= v, x < v, x >= v, x > v, x == v, x != v, x among the members from v on up to NaN; 8 more: NaN is true.
template <class X, class W>
bool taken(std::uint8_t mode, X x, W split, const W* members) {
  const auto v = static_cast<double>(x), w = static_cast<double>(split);
  if ((mode & 8) != 0 && v != v) return true;
  switch (mode & 7) {
    case 0:
      return v <= w;
    case 1:
      return v < w;
    case 2:
      return v >= w;
    case 3:
      return v > w;
    case 4:
      return v == w;
    case 5:
      return v != w;
    default:
      for (; *members == *members; ++members)
        if (static_cast<double>(*members) == v) return true;
      return false;
  }
}

}  // namespace tree_detail

// y[row, target] aggregates, tree by tree, the weights of the leaves that x[row] reaches. A child below 0 is leaf -1 - child, whose
// targets and weights are entries [leaf[l], leaf[l + 1]). Nodes form no cycle.
template <class X, class W>
void tree_ensemble(W* y, const X* x, std::size_t rows, std::size_t features, std::size_t targets, std::size_t trees, const std::int32_t* roots,
                   const std::int32_t* feature, const std::uint8_t* mode, const W* split, const std::int32_t* member, const W* members, const std::int32_t* yes,
                   const std::int32_t* no, const std::int32_t* leaf, const std::int32_t* target, const W* weight, std::size_t aggregate) {
  const auto how = static_cast<Aggregate>(aggregate);
  for (std::size_t r = 0; r < rows; ++r, x += features, y += targets) {
    for (std::size_t k = 0; k < targets; ++k) y[k] = how == Aggregate::min ? limits::highest<W> : how == Aggregate::max ? limits::lowest<W> : W{};
    for (std::size_t t = 0; t < trees; ++t) {
      std::int32_t at = roots[t];
      while (at >= 0) at = tree_detail::taken(mode[at], x[feature[at]], split[at], members + member[at]) ? yes[at] : no[at];
      for (std::int32_t e = leaf[-1 - at]; e < leaf[-at]; ++e) {
        W& sum = y[target[e]];
        if (how == Aggregate::min) sum = functors::min::apply(weight[e], sum);
        else if (how == Aggregate::max) sum = functors::max::apply(weight[e], sum);
        else sum += how == Aggregate::average ? weight[e] / static_cast<W>(trees) : weight[e];
      }
    }
  }
}

}  // namespace inferc::ref
