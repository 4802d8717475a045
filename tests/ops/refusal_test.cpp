#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"
#include "tests/support/op_table.hpp"

// What each operator refuses: the message begins with the node's address and names the operand, its shape or the
// attribute, and what is defined.
namespace inferc::test {
namespace {

struct Refusal {
  std::string op;
  std::vector<Array> inputs;
  Attributes attributes;
  std::string message;  // a part of it
  std::size_t outputs = 1;
};

std::string refuse(const Refusal& r, const std::string& domain = {}) {
  Graph graph;
  std::vector<Value*> operands;
  for (const Array& a : r.inputs) operands.push_back(a.dtype == DType::undefined ? nullptr : graph.add_constant(tensor_of(a)));
  Node* node = graph.add_node(r.op, operands, r.outputs, r.attributes);
  node->domain = domain;
  node->name = "n0";
  Diagnostics problems;
  if (infer_node(*node, problems)) return "accepted";
  std::string all;
  for (const auto& e : problems.errors()) all += e.message + "\n" + (e.help.empty() ? "" : "help: " + e.help + "\n");
  return all;
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// A tensor of the first element type that an input takes.
Array typical(const Port& port) { return Array(types_in(port.types).at(0), {2, 2}); }
// The first `given` inputs and all that are not optional, in their places.
std::vector<Array> typical_inputs(const Op& op, std::size_t given = 0) {
  std::vector<Array> out;
  for (const Port& p : op.inputs) out.push_back(out.size() < given || p.arity != Port::Arity::optional ? typical(p) : Array(DType::undefined, {}));
  while (!out.empty() && out.back().dtype == DType::undefined) out.pop_back();
  return out;
}

std::string refuse(const Op& op, std::vector<Array> inputs, Attributes attributes = {}) {
  return refuse({std::string(op.name), std::move(inputs), std::move(attributes), {}, op.min_outputs}, std::string(op.domain));
}
std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

TEST(EveryOperator, RefusesAnUnknownAttribute) {
  for (const Op* op : all_ops()) {
    const std::string message = refuse(*op, typical_inputs(*op), {{"no_such", number(1)}});
    const std::string address = (op->domain.empty() ? "" : std::string(op->domain) + ".") + std::string(op->name) + " 'n0'";
    EXPECT_TRUE(message.starts_with(address) && contains(message, "attribute 'no_such' is not known")) << message;
  }
}

TEST(EveryOperator, RefusesAnAttributeOfAnotherType) {
  for (const Op* op : all_ops())
    for (const AttributeSpec& a : op->attributes) {
      const Attribute wrong = a.kind == AttributeKind::string ? Attribute(1.0f) : Attribute(std::string("x"));
      const std::string message = refuse(*op, typical_inputs(*op), {{std::string(a.name), wrong}});
      EXPECT_TRUE(contains(message, "attribute " + quoted(a.name) + " has the wrong type")) << op->name << ": " << message;
    }
}

TEST(EveryOperator, RefusesAMissingInput) {
  for (const Op* op : all_ops()) {
    if (op->inputs.empty() || op->inputs[0].arity == Port::Arity::optional) continue;
    std::vector<Array> inputs = typical_inputs(*op);
    if (op->inputs[0].arity == Port::Arity::variadic) inputs.clear();
    else inputs[0] = Array();
    const std::string message = refuse(*op, inputs);
    EXPECT_TRUE(contains(message, "input " + quoted(op->inputs[0].name) + " is missing")) << op->name << ": " << message;
  }
}

TEST(EveryOperator, RefusesOneInputTooMany) {
  for (const Op* op : all_ops()) {
    const bool open = !op->inputs.empty() && (op->inputs.back().arity == Port::Arity::variadic || op->inputs.back().arity == Port::Arity::any);
    if (open) continue;
    std::vector<Array> inputs;
    for (const Port& p : op->inputs) inputs.push_back(typical(p));
    inputs.emplace_back(DType::float32, Integers{1});
    const std::string message = refuse(*op, inputs);
    EXPECT_TRUE(contains(message, "inputs, at most")) << op->name << ": " << message;
  }
}

// Every input given each element type that it does not take.
TEST(EveryOperator, RefusesOtherElementTypes) {
  for (const Op* op : all_ops())
    for (std::size_t i = 0; i < op->inputs.size(); ++i)
      for (const DType t : types_in(types::all)) {
        if (op->inputs[i].types.has(t)) continue;
        std::vector<Array> inputs = typical_inputs(*op, i + 1);
        inputs[i].dtype = t;
        const std::string message = refuse(*op, inputs);
        EXPECT_TRUE(contains(message, "input " + quoted(op->inputs[i].name) + " is " + std::string(name(t)) + ", which is not supported here"))
            << op->name << ": " << message;
      }
}

Array f(Integers shape) { return Array(DType::float32, std::move(shape)); }
Array bytes(Integers shape) { return Array(DType::uint8, std::move(shape)); }
Array i(Integers values) { return integers(std::move(values)); }
Attributes axis(std::int64_t a) { return {{"axis", a}}; }
Attribute text(const char* s) { return std::string(s); }

const Refusal refusals[] = {
    // operands that do not broadcast
    {"Add", {f({2, 3}), f({2})}, {}, "do not broadcast"},
    {"Where", {Array(DType::boolean, {2}), f({3}), f({3})}, {}, "do not broadcast"},
    {"Max", {f({2, 3}), f({3}), f({2})}, {}, "do not broadcast"},
    {"PRelu", {f({2, 3}), f({2})}, {}, "differ"},
    {"Clip", {f({3}), f({2})}, {}, "input 'min' is f32[2], it must be a scalar"},
    {"Mod", {f({3}), f({3})}, {}, "fmod = 1"},
    {"BitShift", {Array(DType::uint8, {1}), Array(DType::uint8, {1})}, {{"direction", text("UP")}}, "attribute 'direction' is 'UP'"},
    {"Gelu", {f({3})}, {{"approximate", text("sin")}}, "attribute 'approximate' is 'sin'"},
    {"Cast", {f({3})}, {}, "attribute 'to' is missing"},
    {"Cast", {f({3})}, {{"to", number(8)}}, "are not supported"},
    // axes out of range
    {"Softmax", {f({2, 3})}, axis(2), "axis 2 is out of range for rank 2"},
    {"LogSoftmax", {f({2, 3})}, axis(-3), "axis -3 is out of range for rank 2"},
    {"Hardmax", {f({2})}, axis(1), "axis 1 is out of range for rank 1"},
    {"Concat", {f({2}), f({2})}, axis(1), "axis 1 is out of range"},
    {"Concat", {f({2, 3}), f({2, 4})}, axis(0), "sizes 3 and 4 differ"},
    {"Split", {f({4}), i({1, 2})}, axis(0), "4", 2},
    {"Split", {f({4})}, {{"axis", number(3)}, {"num_outputs", number(2)}}, "axis 3 is out of range for rank 1", 2},
    {"Gather", {f({3}), i({0})}, axis(1), "axis 1 is out of range for rank 1"},
    {"GatherElements", {f({3}), i({0})}, axis(-2), "axis -2 is out of range for rank 1"},
    {"GatherND", {f({3}), Array(DType::int64, {1, 2})}, {}, "indices"},
    {"ScatterElements", {f({3}), i({0}), f({2})}, {}, "sizes 1 and 2 differ"},
    {"ScatterElements", {f({3}), i({0}), f({1})}, {{"reduction", text("mean")}}, "reduction 'mean' is not known"},
    {"ScatterND", {f({3}), Array(DType::int64, {1, 2}), f({1})}, {}, "must be a constant from 1 to 1"},
    {"ScatterND", {f({3, 2}), Array(DType::int64, {1, 1}), f({1, 3})}, {}, "sizes 2 and 3 differ"},
    {"ArgMax", {f({2, 3})}, axis(2), "axis 2 is out of range for rank 2"},
    {"ArgMin", {f({0})}, axis(0), "the axis is empty"},
    {"ReduceSum", {f({2, 3}), i({2})}, {}, "axis 2 is out of range for rank 2"},
    {"TopK", {f({3}), i({4})}, {}, "k=4 exceeds axis 0 of size 3", 2},
    {"TopK", {f({3}), i({-1})}, {}, "k is -1, it must not be negative", 2},
    {"CumSum", {f({3}), i({1})}, {}, "axis 1 is out of range for rank 1"},
    {"Slice", {f({3}), i({0}), i({2}), i({1})}, {}, "axis 1 is out of range for rank 1"},
    {"Slice", {f({3}), i({0}), i({2}), i({0}), i({0})}, {}, "a step is 0"},
    {"Slice", {f({3, 3}), i({0, 0}), i({2, 2}), i({0, 0})}, {}, "axis 0 is given twice"},
    {"Squeeze", {f({2, 3}), i({0})}, {}, "2"},
    {"Unsqueeze", {f({3}), i({5})}, {}, "axis 5 is out of range"},
    {"Flatten", {f({3})}, axis(2), "axis 2"},
    {"OneHot", {i({0}), i({-1}), f({2})}, {}, "depth is -1"},
    {"OneHot", {i({0}), i({3}), f({3})}, {}, "it must have 2 elements"},
    // shapes
    {"Reshape", {f({2, 3}), i({4})}, {}, "6 elements cannot be shaped into 4"},
    {"Reshape", {f({2, 3}), i({-1, -1})}, {}, "two -1"},
    {"Reshape", {f({2}), i({2, 0})}, {}, "target dimension 1 is 0, the input has rank 1"},
    {"Expand", {f({3}), i({2})}, {}, "3"},
    {"Tile", {f({2, 3}), i({2})}, {}, "1 repeats for an input of rank 2"},
    {"Tile", {f({2}), i({-1})}, {}, "repeat -1 of dimension 0 is negative"},
    {"ConstantOfShape", {i({-2})}, {}, "the shape has the size -2"},
    {"Transpose", {f({2, 3})}, {{"perm", Integers{0, 0}}}, "perm"},
    {"Pad", {f({3}), i({1})}, {}, "1 pads for 1 axes"},
    {"Pad", {f({3}), i({0, -4})}, {}, "dimension 0 becomes -1"},
    {"Pad", {f({3}), i({3, 0})}, {{"mode", text("reflect")}}, "mode reflect cannot pad dimension 0 of size 3 by 3 and 0"},
    {"Pad", {f({3}), i({1, 0})}, {{"mode", text("mirror")}}, "mode 'mirror' is not known"},
    {"Trilu", {f({3})}, {}, "its rank must be at least 2"},
    {"CumProd", {f({3}), i({1})}, {}, "axis 1 is out of range for rank 1"},
    {"BitCast", {f({3})}, {{"to", number(11)}}, "float32 and float64 have different widths"},
    {"BitCast", {f({3})}, {{"to", number(8)}}, "which is not supported"},
    {"NegativeLogLikelihoodLoss", {f({3, 5}), i({1, 2})}, {}, "sizes 3 and 2 differ"},
    {"NegativeLogLikelihoodLoss", {f({2, 5}), i({1, 2})}, {{"reduction", text("max")}}, "reduction 'max' is not defined"},
    {"SoftmaxCrossEntropyLoss", {f({2, 5, 3}), i({1, 2})}, {}, "[N, C, d...] and [N, d...] are defined"},
    {"LinearAttention", {f({1, 2, 4}), f({1, 2, 4}), f({1, 2, 4})}, {}, "q_num_heads is 0 and kv_num_heads is 0"},
    {"LinearAttention", {f({1, 2, 4}), f({1, 2, 4}), f({1, 2, 4})}, {{"q_num_heads", number(2)}, {"kv_num_heads", number(2)}}, "takes a decay and a beta"},
    {"CausalConvWithState", {f({1, 2, 4}), f({3, 1, 2})}, {}, "sizes 3 and 2 differ"},
    {"CausalConvWithState", {f({1, 2, 4}), f({2, 1, 2})}, {{"activation", text("relu")}}, "activation 'relu' is not defined"},
    {"TensorScatter", {f({1, 2, 4}), f({1, 3, 4})}, {}, "update has 3 entries, which exceed the cache of 2"},
    {"DeformConv", {f({1, 3, 4, 4}), f({1, 3, 2, 2}), f({1, 8, 3, 3})}, {{"offset_group", number(2)}}, "3 channels do not divide into offset_group 2"},
    {"DeformConv", {f({1, 3, 4, 4}), f({1, 3, 2, 2}), f({1, 6, 3, 3})}, {}, "sizes 6 and 8 differ"},
    {"RoiAlign", {f({1, 1, 4, 4}), f({2, 3}), i({0, 0})}, {}, "sizes 3 and 4 differ"},
    {"RoiAlign", {f({1, 1, 4, 4}), f({2, 4}), i({0, 0})}, {{"mode", text("min")}}, "mode 'min'"},
    {"DFT", {f({2, 8, 3})}, {}, "its last axis must have 1 element (real) or 2 (complex)"},
    {"DFT", {f({2, 8, 2})}, {{"onesided", number(1)}}, "onesided takes a real input"},
    {"DFT", {f({2, 8, 1}), i({0})}, {}, "the length of the transform is 0, it must be positive"},
    {"STFT", {f({1, 8, 1}), i({2}), f({9})}, {}, "frames of 9 do not fit a signal of 8"},
    {"STFT", {f({1, 8, 1}), i({0})}, {}, "input 'frame_step' must be one positive number"},
    {"HannWindow", {i({-1})}, {}, "the size is -1"},
    {"HammingWindow", {i({4})}, {{"output_datatype", number(9)}}, "output_datatype bool is not supported"},
    {"BlackmanWindow", {i({4, 4})}, {}, "input 'size' must be a scalar"},
    {"MaxUnpool", {f({1, 1, 2, 2}), Array(DType::int64, {1, 1, 2, 2})}, {}, "kernel_shape, strides and pads must be 2 sizes each"},
    {"CenterCropPad", {f({2, 3}), i({4})}, {}, "input 'shape' has 1 elements for 2 axes"},
    {"EyeLike", {f({3})}, {}, "the input is f32[3], its rank must be 2"},
    {"EyeLike", {f({3, 3})}, {{"dtype", number(8)}}, "is not supported"},
    {"ReverseSequence", {f({3, 2}), i({1, 1})}, {{"time_axis", number(1)}}, "time_axis is 1 and batch_axis is 1"},
    {"ReverseSequence", {f({3}), i({1})}, {}, "its rank must be at least 2"},
    {"ReverseSequence", {f({3, 2}), i({1})}, {}, "sizes 1 and 2 differ"},
    {"Range", {scalar(DType::int64, 0), scalar(DType::int64, 3), scalar(DType::int64, 0)}, {}, "0"},
    {"DepthToSpace", {f({1, 3, 2, 2})}, {{"blocksize", number(2)}}, "3"},
    {"SpaceToDepth", {f({1, 1, 3, 2})}, {{"blocksize", number(2)}}, "3"},
    // products
    {"MatMul", {f({2, 3}), f({4, 5})}, {}, "sizes 3 and 4 differ"},
    {"MatMul", {f({}), f({4})}, {}, "scalar"},
    {"Gemm", {f({2, 3}), f({4, 5})}, {}, "sizes 3 and 4 differ"},
    {"Gemm", {f({2, 3, 1}), f({3, 5})}, {}, "rank"},
    {"MatMulInteger", {Array(DType::uint8, {2, 3}), Array(DType::uint8, {4, 5})}, {}, "sizes 3 and 4 differ"},
    {"Einsum", {f({2, 3})}, {{"equation", text("ijk->i")}}, "term 0 of the equation does not fit rank 2"},
    {"Einsum", {f({2, 3}), f({4, 5})}, {{"equation", text("ij,jk->ik")}}, "differ"},
    {"Conv", {f({1, 2, 5}), f({3, 1, 3})}, {}, "2"},
    {"Conv", {f({1, 2, 5}), f({3, 2, 3})}, {{"strides", Integers{0}}}, "attribute 'strides' has element 0, 1 to"},
    {"Conv", {f({1, 2, 5}), f({3, 2, 3})}, {{"pads", Integers{1}}}, "attribute 'pads' has 1 elements, 2 are defined"},
    {"Conv", {f({1, 2, 5}), f({3, 2, 3})}, {{"kernel_shape", Integers{2}}}, "attribute 'kernel_shape' differs from the shape of W"},
    {"Conv", {f({1, 2, 5}), f({3, 2, 3})}, {{"auto_pad", text("SAME")}}, "auto_pad 'SAME' is not defined"},
    {"ConvTranspose", {f({1, 2, 5}), f({3, 2, 3})}, {}, "2"},
    {"MaxPool", {f({1, 2, 5})}, {{"kernel_shape", Integers{2, 2}}}, "attribute 'kernel_shape' has 2 elements for 1 spatial dimensions"},
    {"AveragePool", {f({1, 2, 5})}, {{"kernel_shape", Integers{0}}}, "kernel size 0 is not a positive constant"},
    {"LpPool", {f({1, 2, 5})}, {{"kernel_shape", Integers{2}}, {"dilations", Integers{-1}}}, "attribute 'dilations' has element -1"},
    {"Det", {f({2, 3})}, {}, "2"},
    // normalisation
    {"BatchNormalization", {f({2, 3}), f({4}), f({3}), f({3}), f({3})}, {}, "sizes 4 and 3 differ"},
    {"BatchNormalization", {f({2, 3}), f({3}), f({3}), f({3}), f({3})}, {{"training_mode", number(1)}}, "training mode is not supported"},
    {"LayerNormalization", {f({2, 3}), f({4})}, {}, "4"},
    {"LayerNormalization", {f({2, 3}), f({3})}, axis(2), "axis 2 is out of range for rank 2"},
    {"RMSNormalization", {f({2, 3}), f({4})}, {}, "4"},
    {"GroupNormalization", {f({2, 3}), f({3}), f({3})}, {{"num_groups", number(2)}}, "3 channels do not divide into 2 groups"},
    {"GroupNormalization", {f({2, 3}), f({3}), f({3})}, {}, "attribute 'num_groups' must be positive"},
    {"InstanceNormalization", {f({2, 3, 4}), f({2}), f({3})}, {}, "sizes 2 and 3 differ"},
    {"LpNormalization", {f({2, 3})}, {{"p", number(3)}}, "p"},
    {"LRN", {f({2, 3})}, {{"size", number(0)}}, "size"},
    // quantised forms
    {"QuantizeLinear", {f({2, 3}), f({2}), Array(DType::int8, {2})}, axis(1), "sizes 2 and 3 differ"},
    {"QuantizeLinear", {f({2, 3}), f({})}, {{"output_dtype", number(1)}}, "is not supported"},
    {"QuantizeLinear", {f({2, 3}), f({2, 2})}, {{"block_size", number(2)}}, "no multiple of block_size 2"},
    {"DequantizeLinear", {Array(DType::int8, {2, 3}), f({3}), Array(DType::int8, {})}, {}, "scale and zero point have different shapes"},
    // sequences
    {"RNN", {f({3, 2, 4}), f({1, 5, 3}), f({1, 5, 5})}, {}, "differ"},
    {"GRU", {f({3, 2, 4}), f({1, 15, 4}), f({1, 15, 5})}, {{"direction", text("up")}}, "direction 'up' is not defined"},
    {"LSTM", {f({3, 2, 4}), f({1, 20, 4}), f({1, 20, 5})}, {{"activations", std::vector<std::string>{"Tanh"}}}, "1 activations are given, 3 are defined"},
    {"Attention", {f({1, 3, 2, 4}), f({1, 2, 5, 4}), f({1, 2, 5, 4})}, {}, "3 heads of Q are no multiple of 2 heads of K"},
    {"Attention",
     {f({1, 2, 12}), f({1, 5, 12}), f({1, 5, 12})},
     {{"q_num_heads", number(5)}, {"kv_num_heads", number(3)}},
     "attribute 'q_num_heads' is 5, it must divide the last axis of size 12"},
    {"Attention", {f({1, 2, 3, 4}), f({1, 2, 3, 4}), f({1, 2, 3, 4}), f({3, 8}), f({1, 2, 5, 4}), f({1, 2, 6, 4})}, {}, "sizes 5 and 6 differ"},
    {"Attention", {f({1, 2, 3, 4}), f({1, 2, 5, 4}), f({1, 2, 5, 4}), f({3, 6})}, {}, "attn_mask has 6 columns for 5 keys"},
    // scales and zero points that are neither one value nor one for each row or column
    {"MatMulInteger", {bytes({2, 4}), bytes({4, 3}), bytes({5})}, {}, "input 2 is u8[5], neither one value nor one for each of axis 0"},
    {"MatMulInteger", {bytes({2, 4}), bytes({4, 3}), bytes({}), bytes({0})}, {}, "input 3 is u8[0], neither"},
    {"QLinearMatMul", {bytes({2, 4}), f({5}), bytes({}), bytes({4, 3}), f({}), bytes({}), f({}), bytes({})}, {}, "input 1 is f32[5], neither"},
    {"QLinearMatMul", {bytes({2, 4}), f({}), bytes({}), bytes({4, 3}), f({2}), bytes({}), f({}), bytes({})}, {}, "input 4 is f32[2], neither"},
    {"QLinearMatMul", {bytes({2, 4}), f({}), bytes({}), bytes({4, 3}), f({}), bytes({}), f({0}), bytes({})}, {}, "input 6 is f32[0], neither"},
    {"QLinearMatMul", {bytes({2, 4}), f({}), bytes({}), bytes({4, 3}), f({}), bytes({}), f({}), bytes({2, 2})}, {}, "input 7 is u8[2, 2], neither"},
    {"QLinearConv", {bytes({1, 2, 5}), f({5}), bytes({}), bytes({3, 2, 2}), f({}), bytes({}), f({}), bytes({})}, {}, "input 1 is f32[5], it must be one value"},
    {"QLinearConv", {bytes({1, 2, 5}), f({}), bytes({}), bytes({3, 2, 2}), f({2}), bytes({}), f({}), bytes({})}, {}, "input 4 is f32[2], neither"},
    {"QLinearConv", {bytes({1, 2, 5}), f({}), bytes({}), bytes({3, 2, 2}), f({}), bytes({}), f({0}), bytes({})}, {}, "input 6 is f32[0], it must be one value"},
    // one of many operands left out, and yes or no that is neither
    {"Sum", {f({2}), Array(DType::undefined, {}), f({2})}, {}, "input 1 is missing, one of 'data_0'"},
    {"Concat", {Array(DType::undefined, {}), f({2})}, axis(0), "input 0 is missing, one of 'inputs'"},
    {"ReduceSum", {f({2, 3})}, {{"keepdims", number(-1)}}, "attribute 'keepdims' is -1, it must be 0 or 1"},
    {"Gemm", {f({2, 2}), f({2, 2})}, {{"transA", number(2)}}, "attribute 'transA' is 2, it must be 0 or 1"},
    {"RotaryEmbedding", {f({1, 2, 3, 5}), f({1, 3, 2}), f({1, 3, 2})}, {}, "the rotated size must be even"},
    {"Resize", {f({1, 1, 4})}, {}, "scales"},
    {"GridSample", {f({1, 1, 4, 4}), f({1, 2, 2, 3})}, {}, "sizes 3 and 2 differ"},
    {"GridSample", {f({1, 1, 4, 4}), f({1, 2, 2, 2})}, {{"mode", text("spline")}}, "mode 'spline'"},
    {"NonZero", {}, {}, "input 'X' is missing"},
};

TEST(Operator, RefusesWhatDoesNotFit) {
  for (const Refusal& r : refusals) {
    const std::string message = refuse(r);
    EXPECT_TRUE(message.starts_with(r.op + " 'n0'")) << r.op << ": " << message;
    EXPECT_TRUE(contains(message, r.message)) << message << "\nlacks: " << r.message;
  }
}

// Operators of other domains: the message, and what would work.
void expect_refusals(const std::string& domain, const std::vector<std::pair<Refusal, std::string>>& rows) {
  for (const auto& [r, help] : rows) {
    const std::string message = refuse(r, domain);
    EXPECT_TRUE(message.starts_with(domain + "." + r.op + " 'n0'")) << r.op << ": " << message;
    EXPECT_TRUE(contains(message, r.message)) << message << "\nlacks: " << r.message;
    EXPECT_TRUE(help.empty() || contains(message, "help: " + help)) << message << "\nlacks the help: " << help;
  }
}

Array u8(Integers shape) { return Array(DType::uint8, std::move(shape)); }
// An operator of one quantised tensor of this shape: X with scale and zero point, Y_scale, Y_zero_point.
std::vector<Array> quantised(Integers shape, Integers scale = {}) { return {u8(std::move(shape)), f(std::move(scale)), u8({}), f({}), u8({})}; }
std::vector<Array> quantised_pair(Integers a, Integers b) { return {u8(std::move(a)), f({}), u8({}), u8(std::move(b)), f({}), u8({}), f({}), u8({})}; }

TEST(Microsoft, RefusesWhatDoesNotFitAndSaysWhatWould) {
  expect_refusals(
      "com.microsoft",
      {
          {{"FusedGemm", {f({2, 3}), f({3, 4})}, {{"activation", text("Mish")}}, "activation 'Mish' is not supported"}, "Relu, LeakyRelu"},
          {{"FusedMatMul", {f({2, 3}), f({3, 4})}, {{"transBatchA", number(1)}}, "transBatchA and transBatchB are not supported"}, "put a Transpose before"},
          {{"MultiHeadAttention", {f({2, 3, 8}), f({2, 3, 8}), f({2, 3, 8})}, {{"num_heads", number(3)}}, "3 heads do not divide a hidden size of 8"},
           "attribute"},
          {{"MultiHeadAttention", {f({2, 3, 2, 8}), f({2, 3, 8}), f({2, 3, 8})}, {{"num_heads", number(2)}}, "must be [batch, sequence, hidden]"},
           "packed forms"},
          {{"MultiHeadAttention",
            {f({2, 3, 8}), f({2, 3, 8}), f({2, 3, 8})},
            {{"num_heads", number(2)}, {"unidirectional", number(1)}},
            "unidirectional is not supported"},
           "export it with attention_bias"},
          {{"MultiHeadAttention",
            {f({2, 3, 8}), f({2, 3, 8}), f({2, 3, 8}), Array(), Array(DType::int32, {2, 3})},
            {{"num_heads", number(2)}},
            "input 4 (a mask of keys, or of a cache) is not supported"},
           "export it with attention_bias"},
          {{"QGemm", {u8({1, 2, 3}), f({}), u8({}), u8({3, 4}), f({}), u8({})}, {}, "A is u8[1, 2, 3] and B is u8[3, 4]"}, "put a Reshape before it"},
          {{"QGemm", {u8({2, 3}), f({2}), u8({}), u8({3, 4}), f({}), u8({})}, {}, "input 1 is f32[2]"}, "quantise it per tensor"},
          {{"QGemm", {u8({2, 3}), f({}), u8({}), u8({3, 4}), f({}), u8({}), Array(), Array(), u8({})}, {}, "a y_zero_point without y_scale"}, "give both"},
          {{"QLinearAdd", quantised_pair({2, 3}, {2}), {}, "do not broadcast"}, ""},
          {{"QLinearMul", quantised_pair({2, 3}, {4, 3}), {}, "do not broadcast"}, ""},
          {{"QLinearSigmoid", quantised({2, 3}, {3}), {}, "scales and zero points must be scalars, input 1 is f32[3]"}, "quantise it per tensor"},
          {{"QLinearLeakyRelu", quantised({2, 3}, {3}), {}, "input 1 is f32[3]"}, "quantise it per tensor"},
          {{"QLinearSoftmax", quantised({2, 3}), axis(2), "axis 2 is out of range for rank 2"}, ""},
          {{"QLinearGlobalAveragePool", quantised({3}), {}, "X has rank 1, at least 2 is defined"}, ""},
          {{"QLinearGlobalAveragePool", quantised({1, 2, 3, 3}), {{"channels_last", number(1)}}, "channels_last is not supported"},
           "export it with the channels second"},
          {{"QLinearAveragePool", quantised({2, 3}), {{"kernel_shape", Integers{2}}}, "X has rank 2, at least 3 is defined"}, ""},
          {{"QLinearAveragePool", quantised({1, 2, 3, 3}), {{"kernel_shape", Integers{2, 2}}, {"channels_last", number(1)}}, "channels_last is not supported"},
           "export it with the channels second"},
          {{"QLinearAveragePool", quantised({1, 2, 3, 3}), {{"kernel_shape", Integers{2}}}, "attribute 'kernel_shape' has 1 elements for 2"}, ""},
          {{"QLinearConcat", {f({}), u8({}), u8({2}), f({})}, axis(0), "2 inputs behind Y_zero_point, three for each operand"}, ""},
          {{"QLinearConcat", {f({}), u8({}), u8({2}), f({2}), u8({})}, axis(0), "input 3 is f32[2]"}, "quantise it per tensor"},
      });
}

TEST(Classic, RefusesWhatDoesNotFitAndSaysWhatWould) {
  const std::vector<float> one{1};
  const std::vector<std::string> words{"a", "b"};
  expect_refusals(
      "ai.onnx.ml",
      {
          {{"Scaler", {f({2, 3})}, {{"scale", one}}, "1 scales and 0 offsets"}, ""},
          {{"Scaler", {f({})}, {{"scale", one}, {"offset", one}}, "X is a scalar"}, "put a Reshape before it"},
          {{"Normalizer", {f({2, 3})}, {{"norm", text("L3")}}, "norm 'L3' is not defined"}, "MAX, L1, L2"},
          {{"Normalizer", {f({1, 2, 3})}, {}, "X is f32[1, 2, 3], [rows, features] is supported"}, "put a Reshape before it"},
          {{"ArrayFeatureExtractor", {f({}), i({0})}, {}, "X is a scalar"}, "put a Reshape before it"},
          {{"LinearRegressor", {f({2, 3})}, {{"coefficients", one}, {"intercepts", std::vector<float>{1, 2}}}, "1 coefficients and 2 intercepts do not fit"},
           ""},
          {{"LinearRegressor", {f({2, 1})}, {{"coefficients", one}, {"post_transform", text("SOFT")}}, "post_transform 'SOFT' is not defined"},
           "NONE, SOFTMAX"},
          {{"SVMRegressor",
            {f({2, 1})},
            {{"coefficients", one}, {"support_vectors", one}, {"n_supports", number(1)}, {"rho", one}, {"kernel_type", text("COSINE")}},
            "kernel_type 'COSINE' is not defined"},
           "LINEAR, POLY"},
          {{"SVMClassifier",
            {f({2, 1})},
            {{"prob_a", one}, {"vectors_per_class", Integers{1, 1}}, {"classlabels_ints", Integers{0, 1}}},
            "probabilities (prob_a, prob_b) are not supported",
            2},
           "export it without"},
          {{"TreeEnsembleRegressor", {f({2})}, {}, "X is f32[2], [rows, features] is supported"}, "put a Reshape before it"},
          {{"LabelEncoder", {i({1})}, {{"keys_int64s", Integers{1}}, {"values_strings", words}}, "attribute 'values_strings': labels that are strings"},
           "let the model give numbers"},
          {{"LabelEncoder", {i({1})}, {{"classes_strings", words}}, "attribute 'classes_strings': labels that are strings"}, "let the model give numbers"},
          {{"LabelEncoder", {i({1})}, {{"keys_int64s", Integers{1}}}, "it needs keys and values"}, "keys_floats, keys_int64s or keys_tensor"},
          {{"LabelEncoder", {i({1})}, {{"keys_int64s", Integers{1, 2}}, {"values_floats", one}}, "2 keys and 1 values"}, ""},
          {{"LabelEncoder", {i({1})}, {{"keys_floats", one}, {"values_floats", one}}, "the keys are float32, X is int64"}, "put a Cast before it"},
          {{"Imputer", {f({2, 3})}, {{"imputed_value_int64s", Integers{1}}}, "it needs attribute 'imputed_value_floats' alone"}, ""},
          {{"Imputer", {f({2, 3})}, {{"imputed_value_floats", std::vector<float>{1, 2}}}, "sizes 2 and 3 differ"}, ""},
          {{"Imputer", {f({1, 2, 3})}, {{"imputed_value_floats", one}}, "[rows, features] is supported"}, "put a Reshape before it"},
      });
}

TEST(Inference, RefusesWhatIsNoPartOfIt) {
  const auto message = [](const char* op, const char* domain) { return refuse({op, {f({2})}, {}, {}}, domain); };
  EXPECT_TRUE(contains(message("Dropout", ""), "training mode is not supported\nhelp: export the model in evaluation mode"));
  EXPECT_TRUE(contains(message("Adam", "ai.onnx.preview.training"), "training is no part of inference\nhelp: "));
  EXPECT_TRUE(contains(message("OptionalGetElement", ""), "optionals are no type of inference\nhelp: "));
  EXPECT_TRUE(contains(message("ImageDecoder", ""), "images must be decoded before the model\nhelp: "));
}

TEST(Qonnx, RefusesWhatIsNoOperatorOfATrainedNetwork) {
  const std::string domain = "qonnx.custom_op.general";
  const Array x(DType::float32, {2, 2}), one = scalar(DType::float32, 1);
  EXPECT_TRUE(contains(refuse({"MultiThreshold", {x, x}, {}, {}}, domain), "passes of FINN or qonnx make it"));
  EXPECT_TRUE(contains(refuse({"FloatQuant", {x}, {}, {}}, domain), "small floats"));
  EXPECT_TRUE(contains(refuse({"Quant", {x, one, one, scalar(DType::float32, 33)}, {}, {}}, domain), "'bitwidth' is 33, whole numbers from 1 to 32"));
  EXPECT_TRUE(contains(refuse({"Quant", {x, one, one, scalar(DType::float32, 8)}, {{"rounding_mode", std::string("NEAR")}}, {}}, domain),
                       "rounding_mode 'NEAR' is not defined"));
  EXPECT_TRUE(contains(refuse({"Trunc", {x, one, one, one}, {}, {}}, domain), "4 inputs, 5 (version 1) or 7 (version 2) are defined"));
}

}  // namespace
}  // namespace inferc::test
