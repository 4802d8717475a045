#pragma once
#include "compiler/plan/program.hpp"

namespace inferc {

// Of a block: those that a product works on at once.
inline constexpr std::int64_t rows_of_block = 48;

// Calls one behind the other that work on the same rows, each row by itself, become a loop over blocks of rows: what one leaves for the
// next is still in the first caches, and what they alone touch holds a block in place of all rows. Fires where the largest such buffer
// is larger than a few first caches. The same bits: a kernel gives those of a row whatever the rows around it are.
void block_rows(Program& program);

// As plan(), by blocks of rows where no input is static.
[[nodiscard]] Program plan_in_blocks(const Graph& graph, const std::vector<Carry>& carried = {}, const std::vector<std::size_t>& static_inputs = {},
                                     const std::vector<std::size_t>& strided = {});

}  // namespace inferc
