#include "compiler/cli/named_inputs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/cli/carry.hpp"
#include "compiler/cli/command.hpp"

namespace inferc::cli {
namespace {

void check_names(const onnx::Graph& graph, const ModelArguments& a, std::string_view option, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const auto refuse = [&](std::string_view reason, const std::string& help) {
      throw UsageError(fmt::format("{} {}: {}", option, escape(name), reason), help);
    };
    if (std::none_of(graph.inputs.begin(), graph.inputs.end(), [&](const onnx::ValueInfo& v) { return v.name == name; }))
      refuse("the model has no such input", "its inputs are " + names_of(graph.inputs));
    if (std::count(names.begin(), names.end(), name) > 1) refuse("named twice", "each input once");
    if (std::any_of(a.carry.begin(), a.carry.end(), [&](const std::string& c) { return c.ends_with("=" + name); }))
      refuse("the input is carried from call to call", fmt::format("leave out one of {} and --carry", option));
    if (std::any_of(a.assume.begin(), a.assume.end(), [&](const std::string& s) { return s.starts_with(name + "="); }))
      refuse("the input is assumed to be of one value", fmt::format("leave out one of {} and --assume", option));
  }
}

}  // namespace

void check_named_inputs(const onnx::Graph& graph, const ModelArguments& a) {
  check_names(graph, a, "--static-input", a.fixed);
  check_names(graph, a, "--strided", a.strided);
  for (const std::string& name : a.strided)
    if (std::find(a.fixed.begin(), a.fixed.end(), name) != a.fixed.end())
      throw UsageError(fmt::format("--strided {}: the input is static", escape(name)), "leave out one of --strided and --static-input");
}

std::vector<std::size_t> places_of(const Graph& graph, std::string_view option, const std::vector<std::string>& names) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < graph.inputs().size(); ++i)
    if (std::find(names.begin(), names.end(), graph.inputs()[i]->name) != names.end()) out.push_back(i);
  Diagnostics problems;
  for (const std::string& name : names)
    if (std::none_of(graph.inputs().begin(), graph.inputs().end(), [&](const Value* v) { return v->name == name; }))
      problems.error(fmt::format("{} {}: no input of what is compiled", option, escape(name)), "it has an initializer, or no output that is kept needs it");
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

}  // namespace inferc::cli
