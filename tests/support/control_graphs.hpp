#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/tensor.hpp"

// Graphs with control flow and measured sizes, with inputs to run them on.
namespace inferc::test {

struct ControlCase {
  std::string name;
  std::string_view graph;
  std::vector<std::vector<Tensor>> inputs;
};
[[nodiscard]] std::vector<ControlCase> control_cases();

}  // namespace inferc::test
