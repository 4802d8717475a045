#include "compiler/cli/carry.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/cli/command.hpp"

namespace inferc::cli {
namespace {

constexpr char carry_form[] = "--carry OUT=IN: an output of the model and the input that it is in the next call";

bool is_named(const std::vector<onnx::ValueInfo>& values, const std::string& name) {
  return std::any_of(values.begin(), values.end(), [&](const onnx::ValueInfo& v) { return v.name == name; });
}

// Names may hold a '=' themselves.
CarryOption parse_carry(const onnx::Graph& graph, const std::string& option) {
  if (option.find('=') == option.npos) throw UsageError(fmt::format("--carry {}: there is no '='", escape(option)), carry_form);
  for (std::size_t at = option.find('='); at != option.npos; at = option.find('=', at + 1))
    if (CarryOption out{option, option.substr(0, at), option.substr(at + 1)}; is_named(graph.outputs, out.output) && is_named(graph.inputs, out.input))
      return out;
  const std::string output = option.substr(0, option.find('='));
  if (!is_named(graph.outputs, output))
    throw UsageError(fmt::format("--carry {}: the model has no output '{}'", escape(option), escape(output)), "its outputs are " + names_of(graph.outputs));
  throw UsageError(fmt::format("--carry {}: the model has no input '{}'", escape(option), escape(option.substr(output.size() + 1))),
                   "its inputs are " + names_of(graph.inputs));
}

std::size_t output_index(const onnx::Graph& graph, const std::string& name) {
  return static_cast<std::size_t>(std::find_if(graph.outputs.begin(), graph.outputs.end(), [&](const auto& v) { return v.name == name; }) -
                                  graph.outputs.begin());
}

void check_types(const CarryOption& o, const Type& from, const Type& to, Diagnostics& problems) {
  const auto is_fixed = [](const Dim& d) { return d.is_constant(); };
  if (from.dtype != to.dtype || from.rank() != to.rank())
    problems.error(fmt::format("--carry {}: the output is {}, the input {}", escape(o.option), text(from), text(to)),
                   "what is carried keeps its element type and shape");
  else if (!std::all_of(from.shape.begin(), from.shape.end(), is_fixed) || !std::all_of(to.shape.begin(), to.shape.end(), is_fixed))
    problems.error(fmt::format("--carry {}: the sizes of {} and {} are not fixed", escape(o.option), text(from), text(to)), "--dim SYM=N fixes a size");
  else if (from.shape != to.shape)
    problems.error(fmt::format("--carry {}: the output is {}, the input {}", escape(o.option), text(from), text(to)),
                   "what is carried keeps its element type and shape");
}

std::optional<Tensor> initial_of(const onnx::Graph& graph, const CarryOption& o, const Type& type, Diagnostics& problems) {
  for (const auto& [name, tensor] : graph.initializers) {
    if (name != o.input) continue;
    if (Type{tensor.dtype(), {tensor.shape().begin(), tensor.shape().end()}} == type) return tensor;
    problems.error(fmt::format("--carry {}: the initializer of '{}' is no {}", escape(o.option), escape(name), text(type)), "--dim SYM=N fixes a size");
  }
  return std::nullopt;
}

}  // namespace

std::size_t input_index(const Graph& graph, const std::string& name) {
  return static_cast<std::size_t>(std::find_if(graph.inputs().begin(), graph.inputs().end(), [&](const Value* v) { return v->name == name; }) -
                                  graph.inputs().begin());
}

std::string names_of(const std::vector<onnx::ValueInfo>& values) {
  std::vector<std::string> out;
  for (const onnx::ValueInfo& v : values) out.push_back(escape(v.name));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::vector<CarryOption> parse_carries(const onnx::Model& model, const std::vector<std::string>& options) {
  std::vector<CarryOption> out;
  for (const std::string& option : options) {
    out.push_back(parse_carry(model.graph, option));
    const auto same = [&](const CarryOption& o) { return o.input == out.back().input; };
    if (std::count_if(out.begin(), out.end(), same) > 1)
      throw UsageError(fmt::format("--carry {}: input '{}' is carried already", escape(option), escape(out.back().input)), carry_form);
  }
  return out;
}

std::vector<Carry> carries_of(const Graph& graph, const onnx::Model& model, const std::vector<CarryOption>& options) {
  std::vector<Carry> out;
  Diagnostics problems;
  for (const CarryOption& o : options) {
    const std::size_t output = output_index(model.graph, o.output), input = input_index(graph, o.input);
    const Type& type = *graph.inputs()[input]->type;
    check_types(o, *graph.outputs()[output]->type, type, problems);
    out.push_back({output, input, initial_of(model.graph, o, type, problems)});
  }
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

}  // namespace inferc::cli
