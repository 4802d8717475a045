#pragma once
#include <memory>
#include <set>
#include <string>

#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::onnx {

// The model as a Graph: opsets 7 to 27 in their newest form, initializers as constants, model-local functions
// expanded, dims without a name named `<input>_d<axis>`. Types are those of the graph inputs only. Adds every problem
// to `diagnostics`; the graph is only complete if there was none.
// `variable`: inputs that stay inputs though the file gives them an initializer.
[[nodiscard]] std::unique_ptr<inferc::Graph> import(const Model& model, Diagnostics& diagnostics, const std::set<std::string>& variable = {});

// The name of the symbol of an axis that the file leaves open: its own, or `<value>_d<axis>`, with _ for what no identifier has.
[[nodiscard]] std::string symbol_name(const ValueInfo& value, std::size_t axis);

// Whether the element types of a graph with types are those that the file declares for its outputs.
void check_output_types(const Model& model, const inferc::Graph& graph, Diagnostics& diagnostics);

}  // namespace inferc::onnx
