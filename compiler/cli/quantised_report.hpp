#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "compiler/passes/exactness.hpp"

namespace inferc::cli {

// Outputs of a quantised network beside those that they should be.
struct Differences {
  std::size_t elements = 0, differing = 0, rows = 0, flips = 0;  // flips: rows along the last axis whose largest element is another
  double largest_step = 0;                                       // in steps of the output's grid; of outputs that have one
};

// Adds what differs between float32 results and `want`, as many elements; other types are left out.
void count(Differences& d, const Tensor& ours, std::span<const float> want, std::optional<double> step);

[[nodiscard]] std::string class_text(const Exactness& e);
// "3 of 5000 outputs differ from `what`, by up to 1 steps, 0 of 1000 argmaxes"
[[nodiscard]] std::string differences_text(const Differences& d, std::string_view what);
[[nodiscard]] nlohmann::ordered_json to_json(const Differences& d);

}  // namespace inferc::cli
