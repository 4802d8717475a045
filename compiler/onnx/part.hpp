#pragma once
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "compiler/onnx/model.hpp"

namespace inferc::onnx {

// What of a model some of its outputs need.
struct Part {
  std::set<std::string, std::less<>> outputs, inputs;
  std::vector<bool> nodes;  // of each node of the graph
};

// An input stays that these outputs need, or that nothing in the whole model reads.
[[nodiscard]] Part part_for(const Graph& graph, const std::set<std::string, std::less<>>& outputs);

// Leaves the part, in its order.
void keep_part(Graph& graph, const Part& part);

// The file of the model whose graph the part is of, with the part alone. Throws UserError where tensors lie in other files.
[[nodiscard]] std::string file_of_part(std::span<const std::byte> file, const Part& part);

}  // namespace inferc::onnx
