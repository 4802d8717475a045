#pragma once
#include <vector>

#include "compiler/ops/op.hpp"

namespace inferc {

// The operands over one iteration space of fewest dims (at least one): dims of size 1 are dropped and neighbours
// joined where every operand allows it; the dim along which most operands are contiguous comes last. All operands
// must have the shape of the first.
[[nodiscard]] std::vector<Operand> collapse(std::vector<Operand> operands);

// The rows of `table` along `axis` that the dense `index` picks.
struct PickedRows {
  Operand table, index;
  std::size_t axis;
};
struct MapOperand {
  Operand operand;  // of the map's shape, or one that broadcasts to it; of picked rows the strides along the axes of the index are 0
  std::optional<PickedRows> picked{};
};
[[nodiscard]] MapOperand picked_operand(PickedRows picked, const Shape& shape);
// Whether a map can find the rows where they are: not where its innermost dim runs from row to row.
[[nodiscard]] bool finds_rows(const std::vector<MapOperand>& operands, const Operand& out);
// A call that finds out whether all elements of the dense `index` are numbers of rows.
void check_index(Lower& l, const Operand& index, const Dim& rows);

// One call of cpu::map: out = expr(operands...), operands broadcast to out's shape; expr's leaf k is operand k.
Call& emit_map(Lower& l, const Expr& expr, const std::vector<MapOperand>& operands, const Operand& out);
Call& emit_map(Lower& l, const Expr& expr, const std::vector<Operand>& operands, const Operand& out);

// One call of cpu::copy, or of cpu::map where no dim of `to` is contiguous.
void emit_copy(Lower& l, const Operand& to, const Operand& from);

}  // namespace inferc
