#pragma once
#include <optional>

#include "compiler/plan/program.hpp"

namespace inferc {

// Workers that at most share a call whose scratch each has for itself.
inline constexpr std::int64_t most_workers = 8;

// The argument that is the scratch of one worker, of calls whose units need some; none: they share nothing but what they read.
[[nodiscard]] std::optional<std::size_t> scratch_of_worker(const Call& call);

// As plan(), with scratch for most_workers where a call's workers need their own: the first one's is where the one of a call alone is.
[[nodiscard]] Program plan_for_workers(const Graph& graph, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs);

}  // namespace inferc
