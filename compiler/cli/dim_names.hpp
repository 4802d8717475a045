#pragma once
#include <string>
#include <vector>

#include "compiler/onnx/model.hpp"

namespace inferc::cli {

// Renames symbolic sizes of the model's inputs and outputs: OLD=NEW, where OLD is a name in the file, the same made safe, or INPUT:AXIS.
// Throws UsageError where there is no OLD, where NEW is no identifier, or where another size has it.
void rename_dims(onnx::Model& model, const std::vector<std::string>& options);

}  // namespace inferc::cli
