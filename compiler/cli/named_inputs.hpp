#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/cli/arguments.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"

namespace inferc::cli {

// Throws UsageError for names of --static-input and --strided that are no inputs of the file, are named twice, or are carried, assumed or
// named by the other option.
void check_named_inputs(const onnx::Graph& graph, const ModelArguments& arguments);

// The places of an option's inputs among those of a typed graph, in order. Throws UserError for one that no output needs.
[[nodiscard]] std::vector<std::size_t> places_of(const Graph& graph, std::string_view option, const std::vector<std::string>& names);

}  // namespace inferc::cli
