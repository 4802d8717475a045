#include "compiler/cli/assume.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "compiler/cli/carry.hpp"
#include "compiler/cli/command.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/run/elements.hpp"

namespace inferc::cli {
namespace {

constexpr char assume_form[] = "--assume INPUT=VALUE: a number, true or false, that every element of the input is";

double parse_value(const std::string& text, const std::string& option) {
  if (text == "true" || text == "false") return text == "true" ? 1 : 0;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError(fmt::format("--assume {}: '{}' is no number", escape(option), escape(text)), assume_form);
  return out;
}

Assumption parse_assumption(const onnx::Graph& graph, const std::string& option) {
  const std::size_t equals = option.rfind('=');
  if (equals == option.npos || equals == 0) throw UsageError(fmt::format("--assume {}: there is no '='", escape(option)), assume_form);
  Assumption out{option, option.substr(0, equals), parse_value(option.substr(equals + 1), option)};
  if (std::none_of(graph.inputs.begin(), graph.inputs.end(), [&](const onnx::ValueInfo& v) { return v.name == out.input; }))
    throw UsageError(fmt::format("--assume {}: the model has no input '{}'", escape(option), escape(out.input)), "its inputs are " + names_of(graph.inputs));
  return out;
}

// The value in an element type, by the Cast of ONNX; a type may lack it.
Tensor element_of(const Assumption& a, DType dtype) {
  Graph scratch;
  const Node* cast = scratch.add_node("Cast", {scratch.add_constant(Tensor(DType::float64, {}))}, 1, {{"to", static_cast<std::int64_t>(dtype)}});
  const Tensor value = tensor_of<double>({}, std::span(&a.value, 1));
  Tensor out = evaluate_node(*cast, {&value})[0];
  const bool exact = is_float(dtype) || element(out, 0) == a.value;
  if (!exact) throw UserError(fmt::format("--assume {}: {} has no such value", escape(a.option), name(dtype)), "a whole number within its range");
  return out;
}

Tensor filled(const Tensor& element, std::vector<std::int64_t> shape) {
  Tensor out(element.dtype(), std::move(shape));
  const std::size_t width = byte_size(element.dtype());
  for (std::size_t at = 0; at < out.bytes().size(); at += width) std::memcpy(out.bytes().data() + at, element.bytes().data(), width);
  return out;
}

bool is_fixed(const Type& type) {
  return std::all_of(type.shape.begin(), type.shape.end(), [](const Dim& d) { return d.is_constant(); });
}

std::vector<std::int64_t> shape_at(const Type& type, const SymbolValues& sizes) {
  std::vector<std::int64_t> out;
  for (const Dim& d : type.shape) out.push_back(evaluate(d, sizes));
  return out;
}

void replace_input(Graph& graph, const std::string& name, Value* by) {
  const std::size_t index = input_index(graph, name);
  graph.replace_uses(graph.inputs()[index], by);
  graph.remove_input(index);
}

}  // namespace

std::vector<Assumption> parse_assumptions(const onnx::Graph& graph, const std::vector<std::string>& options) {
  std::vector<Assumption> out;
  for (const std::string& option : options) {
    Assumption one = parse_assumption(graph, option);
    if (std::any_of(out.begin(), out.end(), [&](const Assumption& a) { return a.input == one.input; }))
      throw UsageError(fmt::format("--assume {}: input '{}' is assumed already", escape(option), escape(one.input)), assume_form);
    out.push_back(std::move(one));
  }
  return out;
}

void assume_fixed(Graph& graph, const std::vector<Assumption>& assumptions, std::vector<AssumedInput>& out) {
  for (const Assumption& a : assumptions) {
    const std::size_t index = input_index(graph, a.input);
    if (index == graph.inputs().size()) continue;  // an initializer of that name, or read by no output that is kept
    const Type type = *graph.inputs()[index]->type;
    out.push_back({index, a.input, type, element_of(a, type.dtype)});
  }
  for (const AssumedInput& a : out)
    if (is_fixed(a.type)) replace_input(graph, a.name, graph.add_constant(filled(a.element, shape_at(a.type, {})), a.name));
  std::sort(out.begin(), out.end(), [](const AssumedInput& a, const AssumedInput& b) { return a.index < b.index; });
}

void assume_sized(Graph& graph, std::vector<AssumedInput>& assumed) {
  for (AssumedInput& a : assumed) {
    if (is_fixed(a.type)) continue;
    const Value* input = graph.inputs()[input_index(graph, a.name)];
    a.type = *input->type;  // inference may have found sizes equal
    const std::vector<Node*> nodes = graph.nodes();
    if (nodes.empty()) throw UserError(fmt::format("--assume {}: the model computes nothing", escape(a.name)));
    const Edit edit(graph, nodes.front());
    replace_input(graph, a.name, edit("Expand", {graph.add_constant(a.element, a.name), edit.sizes(a.type.shape)}));
  }
}

std::vector<Tensor> with_assumed(const std::vector<Tensor>& inputs, const std::vector<AssumedInput>& assumed, const SymbolValues& sizes) {
  std::vector<Tensor> out = inputs;
  for (const AssumedInput& a : assumed) out.insert(out.begin() + static_cast<std::ptrdiff_t>(a.index), filled(a.element, shape_at(a.type, sizes)));
  return out;
}

}  // namespace inferc::cli
