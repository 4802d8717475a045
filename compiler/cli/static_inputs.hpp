#pragma once
#include <string>
#include <vector>

#include "compiler/cli/arguments.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"

namespace inferc::cli {

// Throws UsageError for names of --static-input that are no inputs of the file, are named twice, or are carried or assumed.
void check_static_inputs(const onnx::Graph& graph, const ModelArguments& arguments);

// Their places among the inputs of a typed graph, in order. Throws UserError for one that no output needs.
[[nodiscard]] std::vector<std::size_t> static_inputs_of(const Graph& graph, const std::vector<std::string>& names);

}  // namespace inferc::cli
