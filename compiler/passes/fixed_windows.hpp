#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// How a convolution on integers is computed: as the product of what its windows see with a matrix, zeros between the groups; each channel on its
// own; not at all.
enum class FixedWindows : unsigned char { matrix, depthwise, none };
// Between many groups the matrix is mostly zeros: unless all filters fit the panel of 16 columns that is computed anyway. `channels` of each group.
[[nodiscard]] FixedWindows fixed_windows(std::int64_t groups, std::int64_t filters, std::int64_t channels);

// Filters [filters, channels of a group, taps...] as a matrix over (tap, channel of all groups), zeros between the groups; of one group, whatever
// channel each filter reads, as [(tap, channel), filters].
[[nodiscard]] Tensor filter_matrix(const Tensor& w, std::size_t groups);

// The window of an average without padding; of all positions where no attribute tells. Nothing of other averages.
[[nodiscard]] std::optional<std::vector<std::int64_t>> averaged_window(const Node& n);

}  // namespace inferc
