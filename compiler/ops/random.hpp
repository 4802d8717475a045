#pragma once
#include "compiler/ir/graph.hpp"

namespace inferc {

// Whether an operator of ONNX draws random numbers: there is no stream of them that implementations share.
[[nodiscard]] inline bool draws_random_numbers(const Node& n) {
  for (const char* op : {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"})
    if (n.is(op)) return true;
  return false;
}

}  // namespace inferc
