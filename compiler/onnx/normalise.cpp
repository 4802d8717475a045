#include "compiler/onnx/normalise.hpp"

#include <limits>
#include <map>
#include <string_view>

#include "compiler/onnx/legacy.hpp"

namespace inferc::onnx {
namespace {

Value* constant(Node& n, const std::vector<std::int64_t>& values, bool scalar = false) {
  std::vector<std::int64_t> shape;
  if (!scalar) shape.push_back(static_cast<std::int64_t>(values.size()));
  return n.graph->add_constant(tensor_of<std::int64_t>(shape, values));
}

Value* scalar(Node& n, float value) { return n.graph->add_constant(tensor_of<float>({}, std::span(&value, 1))); }

// What older opsets say in attributes becomes operands. An attribute of another type stays, and is refused where types are inferred.

// Attribute `key` (integers) becomes input `index`.
void integers_to_input(Node& n, std::string_view key, std::size_t index) {
  const auto at = n.attributes.find(key);
  if (at == n.attributes.end()) return;
  const auto* values = std::get_if<std::vector<std::int64_t>>(&at->second);
  if (!values) return;
  while (n.inputs.size() <= index) n.graph->add_operand(&n, nullptr);
  n.graph->set_input(&n, index, constant(n, *values));
  n.attributes.erase(at);
}

template <class T>
bool absent_or(const Node& n, std::string_view key) {
  const auto at = n.attributes.find(key);
  return at == n.attributes.end() || std::holds_alternative<T>(at->second);
}

void default_integer(Node& n, std::string_view key, std::int64_t value) { n.attributes.emplace(std::string(key), Attribute(value)); }

void axes_before_13(Node& n, std::int64_t opset) {
  if (opset < 13) integers_to_input(n, "axes", 1);
}

void axes_before_18(Node& n, std::int64_t opset) {
  if (opset < 18) integers_to_input(n, "axes", 1);
}

void slice(Node& n, std::int64_t opset) {
  if (opset >= 10) return;
  integers_to_input(n, "starts", 1);
  integers_to_input(n, "ends", 2);
  integers_to_input(n, "axes", 3);
}

void split(Node& n, std::int64_t opset) {
  if (opset < 13) integers_to_input(n, "split", 1);
}

void softmax(Node& n, std::int64_t opset) {
  if (opset >= 13) return;
  default_integer(n, "axis", 1);
  default_integer(n, "flatten", 1);
}

void pad(Node& n, std::int64_t opset) {
  if (opset >= 11 || !absent_or<float>(n, "value")) return;
  integers_to_input(n, "pads", 1);
  const float value = n.attr("value", 0.0f);
  n.attributes.erase("value");
  n.graph->add_operand(&n, scalar(n, value));
}

void clip(Node& n, std::int64_t opset) {
  if (opset >= 11 || !absent_or<float>(n, "min") || !absent_or<float>(n, "max")) return;
  constexpr float largest = std::numeric_limits<float>::max();
  const float low = n.attr("min", -largest), high = n.attr("max", largest);
  n.attributes.erase("min");
  n.attributes.erase("max");
  n.graph->add_operand(&n, scalar(n, low));
  n.graph->add_operand(&n, scalar(n, high));
}

void top_k(Node& n, std::int64_t opset) {
  const auto at = n.attributes.find("k");
  if (opset >= 10 || at == n.attributes.end() || !std::holds_alternative<std::int64_t>(at->second)) return;
  n.graph->add_operand(&n, constant(n, {n.attr_int("k", 0)}));
  n.attributes.erase(at);
}

// Output `index` of `n`, which nothing reads yet, as the output of `producer`.
void hand_over(Node& n, std::size_t index, Node& producer) {
  Value* v = n.outputs[index];
  v->producer = &producer;
  producer.outputs = {v};
  n.outputs[index] = nullptr;
}

// The mask of Dropout in inference: all true, before opset 10 of the data's type.
void dropout_mask(Node& n, std::int64_t opset) {
  const auto add = [&](std::string op, std::vector<Value*> inputs, std::size_t outputs, Attributes attributes = {}) {
    Node* node = n.graph->add_node(std::move(op), std::move(inputs), outputs, std::move(attributes), &n);
    node->origins = n.origins;
    node->opset = n.opset;
    return node;
  };
  Tensor one(DType::boolean, {1});
  one.as<bool>()[0] = true;
  const Node* shape = add("Shape", {n.in(0)}, 1);
  Node* mask = add("ConstantOfShape", {shape->out()}, opset < 10 ? 1 : 0, {{"value", one}});
  if (opset < 10) mask = add("CastLike", {mask->out(), n.in(0)}, 0);
  hand_over(n, 1, *mask);
}

// Inference: the data passes unchanged.
void dropout(Node& n, std::int64_t opset) {
  const Value* training = n.in(2);
  if (training && !(training->constant && training->constant->dtype() == DType::boolean && !training->constant->as<bool>()[0])) return;
  if (n.inputs.empty() || !n.inputs[0] || n.attributes.contains("is_test")) return;
  if (n.outputs.size() == 2 && n.outputs[1]) dropout_mask(n, opset);
  n.graph->drop_operands(&n, 1);
  n.attributes.erase("ratio");
  n.attributes.erase("seed");
  n.outputs.resize(1);
  n.op = "Identity";
}

void batch_normalization(Node& n, std::int64_t opset) {
  n.attributes.erase("momentum");
  if (opset < 9) n.attributes.erase("spatial");
  if (n.attr_int("training_mode", 0) == 0) n.attributes.erase("training_mode");
}

// Before opset 21 scale and bias had one element per group.
void group_normalization(Node& n, std::int64_t opset) {
  if (opset < 21) default_integer(n, "per_group", 1);
}

// Before opset 11: x / scale, rounded down, and no region.
void old_resize(Node& n) {
  Value* scales = n.in(1);
  n.graph->drop_operands(&n, 1);
  n.graph->add_operand(&n, nullptr);
  n.graph->add_operand(&n, scales);
  n.attributes.insert_or_assign("coordinate_transformation_mode", Attribute(std::string("asymmetric")));
  n.attributes.insert_or_assign("nearest_mode", Attribute(std::string("floor")));
}

void resize(Node& n, std::int64_t opset) {
  if (opset < 11) old_resize(n);
}

void upsample(Node& n, std::int64_t) {
  const auto at = n.attributes.find("scales");
  if (at != n.attributes.end()) {
    const auto* values = std::get_if<std::vector<float>>(&at->second);
    if (!values) return;
    n.graph->add_operand(&n, n.graph->add_constant(tensor_of<float>({static_cast<std::int64_t>(values->size())}, std::span<const float>(*values))));
    n.attributes.erase(at);
  }
  n.op = "Resize";
  old_resize(n);
}

// Before opset 20 the axis was an attribute.
void dft(Node& n, std::int64_t opset) {
  if (opset >= 20 || !absent_or<std::int64_t>(n, "axis")) return;
  Value* axis = constant(n, {n.attr_int("axis", 1)}, true);
  n.attributes.erase("axis");
  while (n.inputs.size() < 2) n.graph->add_operand(&n, nullptr);
  n.graph->add_operand(&n, axis);
}

// Before opset 9 every operand has the batch as its first axis, and lengths may come first: a Scan over the batch whose body is
// a Scan as of today.
void scan(Node& n, std::int64_t opset) {
  const auto scanned = n.attributes.find("num_scan_inputs");
  if (opset >= 9 || n.regions.size() != 1 || n.inputs.empty() || n.inputs[0] || scanned == n.attributes.end()) return;
  const std::size_t captures = n.regions[0].captures, own = n.inputs.size() - captures - 1;
  Region outer{"body", std::make_unique<inferc::Graph>(n.graph->shared_symbols()), captures};
  std::vector<Value*> operands;
  for (std::size_t k = 0; k < own + captures; ++k) {
    operands.push_back(outer.graph->add_input({}, Type{}));
    operands.back()->type.reset();
  }
  Node* const inner = outer.graph->add_node("Scan", operands, n.outputs.size(), {*scanned});
  if (n.attributes.count("directions") != 0) inner->attributes["scan_input_directions"] = n.attributes.at("directions");
  inner->name = n.name;
  inner->origins = n.origins;
  inner->opset = n.opset;
  inner->regions = std::move(n.regions);
  outer.graph->set_outputs(inner->outputs);
  n.regions.clear();
  n.regions.push_back(std::move(outer));
  const std::vector<Value*> given(n.inputs.begin() + 1, n.inputs.end());
  n.graph->drop_operands(&n, 0);
  for (Value* v : given) n.graph->add_operand(&n, v);
  n.attributes = {{"num_scan_inputs", static_cast<std::int64_t>(own)}};
}

// Renamed in opset 11.
void scatter(Node& n, std::int64_t) { n.op = "ScatterElements"; }

using Rule = void (*)(Node&, std::int64_t);
const std::map<std::string_view, Rule> rules = {
    {"Squeeze", axes_before_13},
    {"Unsqueeze", axes_before_13},
    {"ReduceSum", axes_before_13},
    {"ReduceMean", axes_before_18},
    {"ReduceMax", axes_before_18},
    {"ReduceMin", axes_before_18},
    {"ReduceProd", axes_before_18},
    {"ReduceL1", axes_before_18},
    {"ReduceL2", axes_before_18},
    {"ReduceLogSum", axes_before_18},
    {"ReduceLogSumExp", axes_before_18},
    {"ReduceSumSquare", axes_before_18},
    {"Slice", slice},
    {"Split", split},
    {"Softmax", softmax},
    {"LogSoftmax", softmax},
    {"Hardmax", softmax},
    {"Pad", pad},
    {"Clip", clip},
    {"TopK", top_k},
    {"Dropout", dropout},
    {"BatchNormalization", batch_normalization},
    {"GroupNormalization", group_normalization},
    {"Resize", resize},
    {"Upsample", upsample},
    {"Scatter", scatter},
    {"DFT", dft},
    {"Scan", scan},
};

}  // namespace

namespace {

// The names that exporters of QONNX gave its domain and its operators over the years.
void normalise_qonnx(inferc::Node& node) {
  if (node.domain != "onnx.brevitas" && node.domain != "finn.custom_op.general" && node.domain != "qonnx.custom_op.general") return;
  node.domain = "qonnx.custom_op.general";
  if (node.op == "IntQuant") node.op = "Quant";
  if (node.op == "TruncQuant") node.op = "Trunc";
}

}  // namespace

std::size_t inputs_before(std::string_view op, std::int64_t opset) {
  struct Fewer {
    std::string_view op;
    std::int64_t opset;  // the first with more
    std::size_t inputs;
  };
  constexpr Fewer all[] = {
      {"Attention", 24, 6}, {"Clip", 11, 1},       {"DFT", 20, 2},          {"Dropout", 12, 1},         {"Pad", 11, 1},       {"Pad", 18, 3},
      {"ReduceL1", 18, 1},  {"ReduceL2", 18, 1},   {"ReduceLogSum", 18, 1}, {"ReduceLogSumExp", 18, 1}, {"ReduceMax", 18, 1}, {"ReduceMean", 18, 1},
      {"ReduceMin", 18, 1}, {"ReduceProd", 18, 1}, {"ReduceSum", 13, 1},    {"ReduceSumSquare", 18, 1}, {"Reshape", 5, 1},    {"Resize", 11, 2},
      {"Slice", 10, 1},     {"Split", 2, 2},       {"Split", 13, 1},        {"Squeeze", 13, 1},         {"TopK", 10, 1},      {"Unsqueeze", 13, 1},
      {"Upsample", 9, 1}};
  for (const Fewer& f : all)
    if (f.op == op && opset < f.opset) return f.inputs;
  return std::numeric_limits<std::size_t>::max();
}

void normalise(inferc::Node& node, std::int64_t opset) {
  normalise_qonnx(node);
  if (!node.domain.empty()) return;
  modernise(node, opset);
  const auto rule = rules.find(node.op);
  if (rule != rules.end()) rule->second(node, opset);
}

}  // namespace inferc::onnx
