#include "compiler/onnx/legacy.hpp"

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

namespace inferc::onnx {
namespace {

Value* constant(Node& n, const std::vector<std::int64_t>& values) {
  return n.graph->add_constant(tensor_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
}

Value* before(Node& n, std::string op, std::vector<Value*> inputs, Attributes attributes = {}) {
  Node* node = n.graph->add_node(std::move(op), std::move(inputs), 1, std::move(attributes), &n);
  node->opset = n.opset;
  node->origins = n.origins;
  return node->out();
}

// Operand 1 begins at dim `axis` of operand 0: as many dims of size 1 behind it as operand 0 has left. Ranks are not
// known yet; this arithmetic on shapes vanishes once they are.
void align(Node& n, std::int64_t axis) {
  Value *a = n.in(0), *b = n.in(1);
  if (!a || !b) return;
  Value* shape = before(n, "Shape", {b});
  Value* tail = before(n, "Shape", {a}, {{"start", axis}});
  Value* rest = before(n, "Slice", {tail, before(n, "Shape", {shape}), constant(n, {std::numeric_limits<std::int64_t>::max()}), constant(n, {0})});
  Value* ones = before(n, "Add", {before(n, "Mul", {rest, constant(n, {0})}), constant(n, {1})});
  n.graph->set_input(&n, 1, before(n, "Reshape", {b, before(n, "Concat", {shape, ones}, {{"axis", std::int64_t{0}}})}));
}

void broadcast(Node& n, std::int64_t) {
  n.attributes.erase("broadcast");
  const std::int64_t axis = n.attr_int("axis", -1);
  if (axis < 0) return;
  n.attributes.erase("axis");
  align(n, axis);
}

void p_relu(Node& n, std::int64_t) { align(n, 1); }

void gemm(Node& n, std::int64_t) { n.attributes.erase("broadcast"); }

void batch_normalization(Node& n, std::int64_t) {
  const bool test = n.attr_int("is_test", 0) != 0;
  n.attributes.erase("is_test");
  if (!test) n.attributes["training_mode"] = std::int64_t{1};
}

void dropout(Node& n, std::int64_t) {
  if (n.attr_int("is_test", 0) != 0) n.attributes.erase("is_test");
}

std::optional<std::int64_t> number_of(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::map<std::string_view, DType> aliases = {{"float", DType::float32}, {"double", DType::float64}};
  if (const auto at = aliases.find(name); at != aliases.end()) return static_cast<std::int64_t>(at->second);
  for (int k = 1; dtype_from_onnx(k); ++k)
    if (inferc::name(*dtype_from_onnx(k)) == name) return k;
  return std::nullopt;
}

void cast(Node& n, std::int64_t opset) {
  if (opset >= 6) return;
  if (const auto number = number_of(n.attr("to", std::string()))) n.attributes["to"] = *number;
}

void reshape(Node& n, std::int64_t opset) {
  if (opset >= 5 || n.inputs.size() != 1 || !n.attributes.contains("shape") || !std::holds_alternative<std::vector<std::int64_t>>(n.attributes.at("shape")))
    return;
  n.graph->add_operand(&n, constant(n, n.attr("shape", std::vector<std::int64_t>())));
  n.attributes.erase("shape");
}

void pad(Node& n, std::int64_t opset) {
  if (opset >= 2 || !n.attributes.contains("paddings")) return;
  n.attributes["pads"] = n.attributes["paddings"];
  n.attributes.erase("paddings");
}

void concat(Node& n, std::int64_t opset) {
  if (opset < 4) n.attributes.emplace("axis", std::int64_t{1});
}

void selu(Node& n, std::int64_t opset) {
  if (opset >= 6) return;
  n.attributes.emplace("alpha", 1.6732f);
  n.attributes.emplace("gamma", 1.0507f);
}

void lp_pool(Node& n, std::int64_t opset) {
  const auto at = n.attributes.find("p");
  if (opset >= 2 || (at != n.attributes.end() && !std::holds_alternative<float>(at->second))) return;
  const float p = n.attr("p", 2.0f);
  if (p == 1 || p == 2) n.attributes["p"] = static_cast<std::int64_t>(p);
}

void upsample(Node& n, std::int64_t) {
  for (const char* key : {"height_scale", "width_scale"})
    if (const auto at = n.attributes.find(key); at == n.attributes.end() || !std::holds_alternative<float>(at->second)) return;
  n.attributes["scales"] = std::vector<float>{1, 1, n.attr("height_scale", 1.0f), n.attr("width_scale", 1.0f)};
  n.attributes.erase("height_scale");
  n.attributes.erase("width_scale");
}

void recurrent(Node& n, std::int64_t) { n.attributes.erase("output_sequence"); }

using Rule = void (*)(Node&, std::int64_t);
const std::map<std::string_view, Rule> rules = {
    {"Add", broadcast}, {"Sub", broadcast}, {"Mul", broadcast},   {"Div", broadcast},   {"And", broadcast},
    {"Or", broadcast},  {"Xor", broadcast}, {"Equal", broadcast}, {"Less", broadcast},  {"Greater", broadcast},
    {"Pow", broadcast}, {"PRelu", p_relu},  {"Gemm", gemm},       {"Cast", cast},       {"Reshape", reshape},
    {"Pad", pad},       {"Concat", concat}, {"Selu", selu},       {"LpPool", lp_pool},  {"Upsample", upsample},
    {"RNN", recurrent}, {"GRU", recurrent}, {"LSTM", recurrent},  {"Dropout", dropout}, {"BatchNormalization", batch_normalization},
};

}  // namespace

void modernise(inferc::Node& n, std::int64_t opset) {
  if (opset >= 7 || !n.domain.empty()) return;
  if (opset < 6) n.attributes.erase("consumed_inputs");
  const auto rule = rules.find(n.op);
  if (rule != rules.end()) rule->second(n, opset);
}

}  // namespace inferc::onnx
