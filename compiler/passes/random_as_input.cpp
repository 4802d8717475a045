#include "compiler/passes/random_as_input.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/random.hpp"

namespace inferc {
namespace {

DType drawn_dtype(const Node& n, DType otherwise) {
  const auto at = n.attributes.find("dtype");
  if (at == n.attributes.end()) return otherwise;
  const auto* number = std::get_if<std::int64_t>(&at->second);
  return number && *number >= 0 && *number < 64 ? dtype_from_onnx(static_cast<int>(*number)).value_or(DType::undefined) : DType::undefined;
}

std::optional<Type> drawn_type(const Node& n) {
  if (n.inputs.empty()) {
    Type out{drawn_dtype(n, DType::float32), {}};
    for (const std::int64_t d : n.attr("shape", std::vector<std::int64_t>{})) out.shape.emplace_back(d);
    return out;
  }
  const Value* like = n.in(0);
  if (!like || !like->type) return std::nullopt;
  if (!n.is("Multinomial")) return Type{drawn_dtype(n, like->type->dtype), like->type->shape};
  if (like->type->rank() != 2) return std::nullopt;
  return Type{drawn_dtype(n, DType::int32), {like->type->shape[0], Dim(n.attr_int("sample_size", 1))}};
}

// Sizes that the caller knows before the call.
bool is_input_shape(const Symbols& symbols, const Shape& shape) {
  return std::none_of(shape.begin(), shape.end(), [&](const Dim& d) { return symbols.has_measured(d) || (d.is_constant() && *d.constant() < 0); });
}

std::string unused_name(const Graph& graph, const Node& n) {
  const std::string stem = n.out()->name.empty() ? n.op : n.out()->name;
  const auto taken = [&](const std::string& name) {
    return std::any_of(graph.inputs().begin(), graph.inputs().end(), [&](const Value* v) { return v->name == name; });
  };
  std::string out = stem;
  for (int k = 2; taken(out); ++k) out = fmt::format("{}_{}", stem, k);
  return out;
}

}  // namespace

bool random_as_input(Graph& graph, Node* n) {
  if (!draws_random_numbers(*n) || !n->out()) return false;
  const auto type = drawn_type(*n);
  if (!type || byte_size(type->dtype) == 0 || !is_input_shape(graph.symbols(), type->shape)) return false;
  graph.replace_uses(n->out(), graph.add_input(unused_name(graph, *n), *type));
  graph.erase(n);
  return true;
}

}  // namespace inferc
