#include "compiler/cli/dim_names.hpp"

#include <functional>
#include <set>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/emit/names.hpp"
#include "compiler/onnx/import.hpp"

namespace inferc::cli {
namespace {

using Visit = std::function<void(onnx::ValueInfo&, std::size_t axis)>;

void each_open_size(std::vector<onnx::ValueInfo>& values, const Visit& visit) {
  for (onnx::ValueInfo& v : values)
    for (std::size_t axis = 0; v.shape && axis < v.shape->size(); ++axis)
      if (!(*v.shape)[axis].value) visit(v, axis);
}

// Also of the graphs that nodes hold, to any depth.
void each_open_size(onnx::Graph& graph, const Visit& visit) {
  for (auto* values : {&graph.inputs, &graph.outputs, &graph.value_infos}) each_open_size(*values, visit);
  for (onnx::Node& n : graph.nodes)
    for (onnx::Attribute& a : n.attributes)
      for (onnx::Graph& g : a.graphs) each_open_size(g, visit);
}

struct Found {
  onnx::Dimension* dimension = nullptr;  // of an input, or of an output that leaves it open
  std::set<std::string> names;           // of all sizes, made safe
};

Found find(onnx::Graph& graph, const std::string& name) {
  Found out;
  const Visit visit = [&](onnx::ValueInfo& v, std::size_t axis) {
    onnx::Dimension& d = (*v.shape)[axis];
    const std::string safe = onnx::symbol_name(v, axis);
    out.names.insert(safe);
    if (!out.dimension && (d.parameter == name || safe == name || fmt::format("{}:{}", v.name, axis) == name)) out.dimension = &d;
  };
  each_open_size(graph.inputs, visit);
  each_open_size(graph.outputs, visit);
  return out;
}

void rename(onnx::Graph& graph, const std::string& option) {
  const auto refuse = [&](const std::string& reason, const std::string& help) {
    throw UsageError(fmt::format("--dim-name {}: {}", escape(option), reason), help);
  };
  const std::size_t equals = option.rfind('=');
  if (equals == option.npos || equals == 0) refuse("not of the form OLD=NEW", "OLD is the name of a size that `inferc inspect` shows, or INPUT:AXIS");
  const std::string from = option.substr(0, equals), to = option.substr(equals + 1);
  if (!is_identifier(to)) refuse(fmt::format("'{}' is no C++ identifier", escape(to)), "letters, digits and _, no digit first, no keyword");
  const Found found = find(graph, from);
  if (!found.dimension) refuse(fmt::format("the model has no size '{}'", escape(from)), "`inferc inspect` lists them");
  if (found.names.count(to)) refuse(fmt::format("the model has a size '{}' already", to), "a name that is not taken");
  const std::string old = found.dimension->parameter;
  if (old.empty()) found.dimension->parameter = to;
  else
    each_open_size(graph, [&](onnx::ValueInfo& v, std::size_t axis) {
      if (std::string& parameter = (*v.shape)[axis].parameter; parameter == old) parameter = to;
    });
}

}  // namespace

void rename_dims(onnx::Model& model, const std::vector<std::string>& options) {
  for (const std::string& option : options) rename(model.graph, option);
}

}  // namespace inferc::cli
