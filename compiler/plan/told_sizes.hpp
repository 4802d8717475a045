#pragma once
#include <vector>

#include "compiler/plan/program.hpp"

namespace inferc {

// A size that is an element of an input: a run with another one stops.
struct ToldSize {
  Dim size;
  std::size_t input, element;
};

// Of sizes that are no constants, by the calls that check them.
[[nodiscard]] std::vector<ToldSize> told_sizes(const Program& program);

}  // namespace inferc
