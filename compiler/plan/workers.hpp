#pragma once
#include "compiler/plan/program.hpp"

namespace inferc {

// Workers that at most share a call whose scratch each has for itself.
inline constexpr std::int64_t most_workers = 8;

// As plan(), with scratch for most_workers where a call's workers need their own: the first one's is where the one of a call alone is.
[[nodiscard]] Program plan_for_workers(const Graph& graph, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs,
                                       const std::vector<std::size_t>& strided = {});

}  // namespace inferc
