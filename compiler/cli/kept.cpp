#include "compiler/cli/kept.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"

namespace inferc::cli {

std::optional<onnx::Part> kept_part(const onnx::Model& model, const std::vector<std::string>& outputs, const std::vector<CarryOption>& carried) {
  if (outputs.empty()) return std::nullopt;
  const std::vector<onnx::ValueInfo>& all = model.graph.outputs;
  std::set<std::string, std::less<>> names;
  for (const std::string& name : outputs) {
    if (std::none_of(all.begin(), all.end(), [&](const onnx::ValueInfo& v) { return v.name == name; }))
      throw UsageError(fmt::format("--outputs: the model has no output '{}'", escape(name)), "its outputs are " + names_of(all));
    names.insert(name);
  }
  for (const CarryOption& c : carried) names.insert(c.output);
  onnx::Part out = onnx::part_for(model.graph, names);
  for (const CarryOption& c : carried) out.inputs.insert(c.input);
  return out;
}

}  // namespace inferc::cli
