#include "compiler/plan/profile.hpp"

#include <algorithm>

#include "compiler/plan/arena.hpp"

namespace inferc {
namespace {

constexpr std::int64_t slot = 8;

std::int64_t end_of_note(const Program& p) {
  return p.prepare ? p.note_at + aligned(static_cast<std::int64_t>(1 + p.symbols->all().size()) * slot) : p.state_bytes;
}

// Everything but the state moves up. `state`: whose it is.
void move_up(Program& p, const Program& state, std::int64_t at, std::int64_t bytes) {
  for (std::size_t b = 0; b < p.buffers.size(); ++b) {
    const bool stays = std::any_of(state.state.begin(), state.state.end(), [&](const StatePort& s) { return s.buffer.index == b; });
    if (p.buffers[b].space == Space::arena && !stays) p.offsets[b] = p.offsets[b] + Dim(bytes);
  }
  p.arena_bytes = p.arena_bytes + Dim(bytes);
  if (!p.arena_lower_bound.is(0)) p.arena_lower_bound = p.arena_lower_bound + Dim(bytes);
  p.profile_at = at;
}

template <class Part>
void move_up_part(std::shared_ptr<const Program>& part, const Part& move) {
  if (!part) return;
  Program copy = *part;
  move(copy);
  copy.profile_at.reset();
  part = std::make_shared<const Program>(std::move(copy));
}

}  // namespace

void reserve_profile(Program& p) {
  const std::int64_t at = end_of_note(p), bytes = aligned((static_cast<std::int64_t>(profile_ticks + p.calls.size())) * slot);
  const auto move = [&](Program& part) { move_up(part, p, at, bytes); };
  move_up_part(p.prepare, move);
  move_up_part(p.batch, move);
  move(p);
}

}  // namespace inferc
