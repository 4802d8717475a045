#pragma once
#include <optional>
#include <vector>

#include "compiler/passes/fixed_chain.hpp"
#include "compiler/passes/point_function.hpp"

namespace inferc {

// The results of a function of integers: a table for each index of an axis of the value, or one for all.
struct FunctionTables {
  std::optional<std::size_t> axis;
  struct Table {
    std::int64_t first;  // the integer whose result begins it
    int fraction;        // the results are multiples of 2^-fraction
    std::vector<std::int64_t> entries;
  };
  std::vector<Table> tables;
  struct Near {  // integers whose results may be others in float32 than of real numbers
    std::vector<std::int64_t> integers, columns;
  } near;
};

// Of integers in `columns`, one for each index of the last axis or one for all. `results`: the grid of what the function gives, where that is no
// integer by its type. Nothing where a result is off it, or where several tables take more than most_table_bytes: beyond the second-level cache a
// look-up takes longer than tanh in a vector (of a table of 256 KiB 0.8 of that with AVX-512, half with AVX2; of 2 MiB 1.3 and 0.7).
inline constexpr std::size_t most_table_bytes = std::size_t{1} << 18;
[[nodiscard]] std::optional<FunctionTables> function_tables(const PointFunction& f, const std::vector<FixedChain::Column>& columns, const grid::Grid* results);

// The operands "table" and "offset" of FixedTable: equal tables stand there once.
struct PooledTables {
  Tensor entries, offset;
};
[[nodiscard]] PooledTables pooled_tables(const FunctionTables& of, DType type);  // float32: results, else the integers that they are

}  // namespace inferc
