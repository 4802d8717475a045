#pragma once
#include <set>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"
#include "compiler/plan/program.hpp"

namespace inferc::cli {

// One --carry OUT=IN, by the names of the file.
struct CarryOption {
  std::string option, output, input;
};
// The names in messages: "a, b".
[[nodiscard]] std::string names_of(const std::vector<onnx::ValueInfo>& values);

[[nodiscard]] std::size_t input_index(const Graph& graph, const std::string& name);

// Throws UsageError for names that the file does not have, and for an input that is carried twice.
[[nodiscard]] std::vector<CarryOption> parse_carries(const onnx::Model& model, const std::vector<std::string>& options);

// What is carried of a typed graph, with the initializer that the file gives an input. Throws UserError with every one that
// cannot be: types that differ, sizes that are not fixed.
[[nodiscard]] std::vector<Carry> carries_of(const Graph& graph, const onnx::Model& model, const std::vector<CarryOption>& options);

}  // namespace inferc::cli
