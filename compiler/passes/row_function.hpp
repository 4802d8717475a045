#pragma once
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "compiler/passes/edit.hpp"

namespace inferc {

// How many leading dims of `shape`, one at least, make up `rows`, the others being constants; nothing for other shapes.
[[nodiscard]] std::optional<std::size_t> leading_rows(const Shape& shape, const Dim& rows);

// Whether a constant is the same for all rows, which have `rank` axes.
[[nodiscard]] bool is_the_same_for_rows(const Tensor& t, std::size_t rank);

// A value as a function of rows: the nodes behind it that give row r from rows r of their operands and from constants, and that
// nothing else reads.
class RowFunction {
 public:
  RowFunction(const Graph& graph, Value* result, Dim rows);

  // Floating-point operations and elements read and given, for a row.
  [[nodiscard]] double work() const;
  [[nodiscard]] double width() const;
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // [m, ...]: the rows of the value that `indices` [m] name, from these rows of what the function reads.
  [[nodiscard]] Value* on_rows(const Edit& edit, Value* indices) const;

 private:
  using Rows = std::map<const Value*, Value*>;
  [[nodiscard]] bool is_inside(const Graph& graph, const Node& n) const;
  [[nodiscard]] std::optional<std::size_t> rows_of(const Value* v) const { return leading_rows(v->type->shape, rows_); }
  [[nodiscard]] bool works_by_rows(const Node& n) const;
  [[nodiscard]] bool is_elementwise_by_rows(const Node& n) const;
  [[nodiscard]] Shape row(const Value* v) const;
  [[nodiscard]] std::vector<Value*> sources() const;
  [[nodiscard]] Value* picked(const Edit& edit, Value* v, Value* indices) const;
  [[nodiscard]] Value* operand(const Edit& edit, const Node& n, Value* v) const;
  [[nodiscard]] Value* again(const Edit& edit, const Node& n, const Rows& known, const Dim& count) const;

  Value* result_;
  Dim rows_;
  std::vector<Node*> nodes_;  // in order
  std::set<const Node*> inside_;
};

}  // namespace inferc
