#pragma once
#include <cstddef>
#include <optional>

namespace inferc::cli {

// Heap allocations of this thread so far, of whatever library; nothing where the program does not count them.
[[nodiscard]] std::optional<std::size_t> allocations();

}  // namespace inferc::cli
