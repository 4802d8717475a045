#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "compiler/passes/match.hpp"

// The decomposed forms of (x - mean) / sqrt(variance + epsilon), shared by the recognisers of normalisations. A match names
// the reductions "mean" and "variance", and the constant "epsilon".
namespace inferc::normalised {

// x minus its mean, over its deviation.
[[nodiscard]] Pattern centred(const Pattern& x);
// x over its root mean square.
[[nodiscard]] Pattern uncentred(const Pattern& x);

// The axes of a reduction that keeps its dims, from 0 and sorted; nothing where they are unknown.
[[nodiscard]] std::optional<std::vector<std::int64_t>> kept_axes(const Match& m, std::string_view reduction);

// Whether `v` is a float32 constant of nothing but `value`.
[[nodiscard]] bool all_equal(const Value* v, float value);
// A vector of `value`.
Value* filled(Graph& graph, std::int64_t size, float value);

}  // namespace inferc::normalised
