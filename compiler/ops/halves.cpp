#include "compiler/ops/halves.hpp"

#include <algorithm>

#include "compiler/ops/format.hpp"

namespace inferc::halves {
namespace {

constexpr auto float32 = static_cast<std::int64_t>(DType::float32);

bool is_half(const Value* v) { return v && v->type && types::halves.has(v->type->dtype); }

// A port for elements that C++ lacks beside the halves takes all of them as they are.
bool computes_with(const Op& op, std::size_t input) {
  return !op.inputs.empty() && !op.inputs[std::min(input, op.inputs.size() - 1)].types.has(DType::float8e4m3fn);
}

// Attributes that name the type of a result; whether one named a half.
bool name_float32(Node& n) {
  bool changed = false;
  for (const char* key : {"dtype", "output_datatype", "output_dtype"}) {
    const auto named = dtype_from_onnx(static_cast<int>(n.attr_int(key, 0)));
    if (!named || !types::halves.has(*named)) continue;
    n.attributes[key] = float32;
    changed = true;
  }
  return changed;
}

Node* add_cast(Graph& graph, Value* v, DType to, Node* at) { return graph.add_for(*at, "Cast", {v}, 1, {{"to", static_cast<std::int64_t>(to)}}); }

Value* widened(Graph& graph, Value* v, Node* reader) {
  if (v->constant) return graph.add_constant(to_float32(*v->constant), v->name);
  Value* out = add_cast(graph, v, DType::float32, reader)->out();
  out->type = Type{DType::float32, v->type->shape};
  if (v->known) out->known = to_float32(*v->known);
  return out;
}

bool widen_inputs(Graph& graph, Node* n) {
  const Op* op = find_op(n->op, n->domain);
  bool changed = false;
  for (std::size_t i = 0; op && i < n->inputs.size(); ++i) {
    if (!is_half(n->inputs[i]) || !computes_with(*op, i)) continue;
    graph.set_input(n, i, widened(graph, n->inputs[i], n));
    changed = true;
  }
  return changed;
}

// Readers of `v` read a Cast of it, which stands for it from now on.
Node* round_result(Graph& graph, Node* n, Value* v) {
  Node* cast = add_cast(graph, nullptr, v->type->dtype, n);
  Value* out = cast->out();
  graph.replace_uses(v, out);
  graph.set_input(cast, 0, v);
  out->name = v->name;
  out->type = v->type;
  out->declared = v->declared;
  std::swap(out->known, v->known);
  v->type->dtype = DType::float32;
  return cast;
}

}  // namespace

Tensor to_float32(const Tensor& tensor) {
  if (!types::halves.has(tensor.dtype())) return tensor;
  Tensor out(DType::float32, tensor.shape());
  const auto from = tensor.as<std::uint16_t>();
  const auto convert = tensor.dtype() == DType::float16 ? formats::to_float<formats::float16> : formats::to_float<formats::bfloat16>;
  std::transform(from.begin(), from.end(), out.as<float>().begin(), convert);
  return out;
}

Tensor scalar(DType t, double value) {
  const auto single = static_cast<float>(value);
  Tensor out(t, {});
  if (t == DType::float64) out.as<double>()[0] = value;
  else if (t == DType::float32) out.as<float>()[0] = single;
  else out.as<std::uint16_t>()[0] = t == DType::float16 ? formats::from_float<formats::float16>(single) : formats::from_float<formats::bfloat16>(single);
  return out;
}

bool compute_in_float32(Graph& graph, Node* node) {
  // The quotient of QuantizeLinear has the type of its scale.
  if (node->is("QuantizeLinear") && is_half(node->in(1)) && node->attr_int("precision", 0) == 0)
    node->attributes["precision"] = static_cast<std::int64_t>(node->in(1)->type->dtype);
  const bool named = name_float32(*node);
  if (!widen_inputs(graph, node) && !named) return false;
  Node* first = nullptr;
  for (Value* v : std::vector<Value*>(node->outputs)) {
    if (!is_half(v)) continue;
    Node* cast = round_result(graph, node, v);
    first = first ? first : cast;
  }
  if (first) graph.move_before(node, first);
  return true;
}

namespace {

void compute_all(Graph& graph) {
  for (Node* n : graph.nodes()) {
    for (Region& r : n->regions) compute_all(*r.graph);
    compute_in_float32(graph, n);
  }
}

}  // namespace

std::unique_ptr<Graph> in_float32(const Graph& graph) {
  auto out = clone(graph);
  compute_all(*out);
  return out;
}

}  // namespace inferc::halves
