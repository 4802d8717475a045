#pragma once
#include <cstddef>

namespace inferc::ref {

// An omitted operand of which every element counts as `value`.
template <int value>
struct Constantly {
  constexpr int operator[](std::size_t) const { return value; }
};

}  // namespace inferc::ref
