#pragma once
#include <memory>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc::test {

// The graph of `text` with `constants`, after `pass`, whose outputs for `inputs` keep every bit (-0 equals 0); the pass says whether it changed
// anything, which is `changes`.
std::unique_ptr<Graph> expect_same_results(bool (*pass)(Graph&), const std::string& text, const std::vector<Tensor>& constants,
                                           const std::vector<Tensor>& inputs, bool changes = true);

// Multiples of 2^-8, most within 8, some far out.
[[nodiscard]] Tensor near_steps(std::vector<std::int64_t> shape, unsigned seed);
// Integers between -most and most, of integers or as multiples of 2^-fraction.
[[nodiscard]] Tensor on_grid(std::vector<std::int64_t> shape, int most, int fraction, unsigned seed);

}  // namespace inferc::test
