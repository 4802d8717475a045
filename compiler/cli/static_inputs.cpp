#include "compiler/cli/static_inputs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/cli/carry.hpp"
#include "compiler/cli/command.hpp"

namespace inferc::cli {

void check_static_inputs(const onnx::Graph& graph, const ModelArguments& a) {
  for (const std::string& name : a.fixed) {
    const auto refuse = [&](std::string_view reason, const std::string& help) {
      throw UsageError(fmt::format("--static-input {}: {}", escape(name), reason), help);
    };
    if (std::none_of(graph.inputs.begin(), graph.inputs.end(), [&](const onnx::ValueInfo& v) { return v.name == name; }))
      refuse("the model has no such input", "its inputs are " + names_of(graph.inputs));
    if (std::count(a.fixed.begin(), a.fixed.end(), name) > 1) refuse("named twice", "each input once");
    if (std::any_of(a.carry.begin(), a.carry.end(), [&](const std::string& c) { return c.ends_with("=" + name); }))
      refuse("the input is carried from call to call", "leave out one of --static-input and --carry");
    if (std::any_of(a.assume.begin(), a.assume.end(), [&](const std::string& s) { return s.starts_with(name + "="); }))
      refuse("the input is assumed to be of one value", "leave out one of --static-input and --assume");
  }
}

std::vector<std::size_t> static_inputs_of(const Graph& graph, const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i)
    if (std::find(names.begin(), names.end(), graph.inputs()[i]->name) != names.end()) out.push_back(i);
  Diagnostics problems;
  for (const std::string& name : names)
    if (std::none_of(graph.inputs().begin(), graph.inputs().end(), [&](const Value* v) { return v->name == name; }))
      problems.error(fmt::format("--static-input {}: no input of what is compiled", escape(name)), "it has an initializer, or no output that is kept needs it");
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

}  // namespace inferc::cli
