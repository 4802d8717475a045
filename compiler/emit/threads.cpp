#include "compiler/emit/threads.hpp"

#include <algorithm>
#include <array>

namespace inferc {
namespace {

constexpr std::string_view sparse_product = "cpu::sparse::gemm";

// Kernels whose units share nothing but what they read, and scratch of which each worker has its own.
constexpr std::array<std::string_view, 21> shareable{"cpu::gemm",
                                                     "cpu::map",
                                                     "cpu::layer_norm",
                                                     "cpu::rms_norm",
                                                     "cpu::group_norm",
                                                     "cpu::softmax",
                                                     "cpu::log_softmax",
                                                     "cpu::conv",
                                                     "cpu::conv_transpose",
                                                     "cpu::reduce_rows",
                                                     "cpu::matmul",
                                                     "cpu::matmul_transposed",
                                                     "cpu::top_k",
                                                     "cpu::attention",
                                                     "cpu::attention_masked",
                                                     sparse_product,
                                                     "cpu::softmax_columns",
                                                     "cpu::log_softmax_columns",
                                                     "cpu::pad_channels_last",
                                                     "cpu::channels_first",
                                                     "cpu::copy"};

// A worker has at least so many operations or bytes, and units in multiples of half the rows of a tile: 40 rows are 20 for each of two.
constexpr std::int64_t least_work = 50'000;
std::int64_t rows_together(const Call& c) { return c.kernel == sparse_product ? 64 : 4; }

}  // namespace

std::optional<std::int64_t> shared_grain(const Program& p, const Call& c) {
  if (std::find(shareable.begin(), shareable.end(), c.kernel) == shareable.end() || c.may_fault || !c.measures.empty() || c.args.empty()) return std::nullopt;
  const auto* range = std::get_if<RangeArg>(&c.args[0]);
  if (!range || !range->begin.is(0)) return std::nullopt;
  const std::int64_t units = std::max<std::int64_t>(p.symbols->bounds(range->end).upper, 1), work = p.symbols->bounds(c.flops + bytes_of(c)).upper;
  const std::int64_t enough = std::max<std::int64_t>(least_work / std::max<std::int64_t>(work / units, 1), 1);
  const std::int64_t rows = rows_together(c);
  const bool tiles = units >= 2 * rows && (!c.worker_scratch || c.kernel == sparse_product);  // heads are no rows
  const std::int64_t least = tiles ? (enough + rows - 1) / rows * rows : enough;
  return least < units ? std::optional(least) : std::nullopt;
}

}  // namespace inferc
