#pragma once
#include <string>
#include <utility>
#include <vector>

#include "compiler/call/call.hpp"
#include "compiler/ir/symbols.hpp"

namespace inferc {

// Buffers begin at multiples of this many bytes.
inline constexpr std::int64_t arena_alignment = 64;
[[nodiscard]] constexpr std::int64_t aligned(std::int64_t bytes) { return (bytes + arena_alignment - 1) / arena_alignment * arena_alignment; }
[[nodiscard]] inline Dim aligned(const Dim& bytes) { return ceil_div(bytes, arena_alignment) * Dim(arena_alignment); }
[[nodiscard]] inline Dim bytes_of(const Buffer& b) { return b.size * Dim(static_cast<std::int64_t>(byte_size(b.dtype))); }

// First and last call (by position) that touches a buffer; last < first: unused.
struct Lifetime {
  std::size_t first = 1, last = 0;
  [[nodiscard]] bool used() const { return first <= last; }
  [[nodiscard]] bool overlaps(const Lifetime& o) const { return used() && o.used() && first <= o.last && o.first <= last; }
};

// Lifetimes of all buffers. Calls of nested bodies share the position of their outermost call, so that a value read
// in a body lives through all of its iterations.
[[nodiscard]] std::vector<Lifetime> lifetimes(const std::vector<Call>& calls, std::size_t buffers);

struct Arena {
  // Sizes that offsets name, in the order in which they can be computed; empty when every symbol is bounded. The names
  // hold a '.', which no symbol of a model does.
  std::vector<std::pair<std::string, Dim>> locals;
  std::vector<Dim> offsets;  // bytes, multiples of 64; 0 for buffers outside the arena
  Dim bytes;
};

// Offsets such that buffers that live at the same time never overlap, for any values of the symbols in bounds.
// Where every symbol is bounded, buffers are placed by decreasing size at the lowest free offset, at the upper bounds; else
// into slots, each as large as the largest of its buffers, one behind the other.
[[nodiscard]] Arena plan_arena(const std::vector<Call>& calls, const std::vector<Buffer>& buffers, const Symbols& symbols);

// Peak of the bytes live at any call, at the upper bounds of the symbols: no plan can be smaller.
[[nodiscard]] std::int64_t live_bytes_peak(const std::vector<Call>& calls, const std::vector<Buffer>& buffers, const Symbols& symbols);

}  // namespace inferc
