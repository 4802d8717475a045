#pragma once
#include <vector>

#include "compiler/ops/op.hpp"

namespace inferc {

// The operands over one iteration space of fewest dims (at least one): dims of size 1 are dropped and neighbours
// joined where every operand allows it; the dim along which most operands are contiguous comes last. All operands
// must have the shape of the first.
[[nodiscard]] std::vector<Operand> collapse(std::vector<Operand> operands);

// One call of cpu::map: out = expr(operands...), operands broadcast to out's shape; expr's leaf k is operand k.
Call& emit_map(Lower& l, const Expr& expr, const std::vector<Operand>& operands, const Operand& out);

// One call of cpu::copy, or of cpu::map where no dim of `to` is contiguous.
void emit_copy(Lower& l, const Operand& to, const Operand& from);

}  // namespace inferc
