#pragma once
#include "compiler/plan/program.hpp"

namespace inferc {

// Words of a profiled program's counters: its runs, their nanoseconds by the system's clock, then the ticks of each call.
inline constexpr std::size_t profile_runs = 0, profile_ns = 1, profile_ticks = 2;

// Makes room for them in the arena, behind the state and the note on what is prepared.
void reserve_profile(Program& program);

}  // namespace inferc
