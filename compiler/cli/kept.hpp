#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/cli/carry.hpp"
#include "compiler/onnx/part.hpp"

namespace inferc::cli {

// What --outputs leaves of a model, what is carried included; none: all of it. Throws UsageError for a name that it does not have.
[[nodiscard]] std::optional<onnx::Part> kept_part(const onnx::Model& model, const std::vector<std::string>& outputs, const std::vector<CarryOption>& carried);

}  // namespace inferc::cli
