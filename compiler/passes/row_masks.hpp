#pragma once
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// Of a value whose elements, row-major, are rows of `width`: element `index` of each row.
struct Column {
  Value* of;
  std::int64_t index, width;
  bool operator==(const Column&) const = default;
};

// A mask of rows: one where all conditions hold, zero elsewhere.
struct RowMask {
  struct Condition {
    Column of;
    double equals;
    bool holds;  // or that it does not equal it
  };
  Column at;  // where the ones and zeros stand
  std::vector<Condition> conditions;
};

// The mask in a column: a condition, comparisons with constants, And and Not of such, a column of OneHot, each as what it is or cast to
// numbers; nothing for other values.
[[nodiscard]] std::optional<RowMask> row_mask(const Column& column);

// Whether no row is in both, by one condition of each.
[[nodiscard]] bool exclusive(const RowMask& a, const RowMask& b);

}  // namespace inferc
