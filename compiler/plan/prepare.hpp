#pragma once
#include <vector>

#include "compiler/plan/program.hpp"

namespace inferc {

// Divides a planned program, whose calls begin with copies of the static inputs: what reads these, weights and sizes alone goes to
// Program::prepare, the rest stays. What the rest reads of it keeps its place in the arena, behind the state and a note on what was
// prepared. Each call is as it was, so that results have the same bits. `inputs`: places of the static ones among the program's.
void split_static(Program& program, const std::vector<std::size_t>& inputs);

}  // namespace inferc
