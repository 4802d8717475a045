#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/ir/tensor.hpp"

// ONNX's messages as plain structs (onnx.proto3, IR 3 to 13), nothing interpreted.
namespace inferc::onnx {

struct Graph;

struct Attribute {
  enum class Kind : int {
    undefined = 0,
    real = 1,
    integer = 2,
    string = 3,
    tensor = 4,
    graph = 5,
    reals = 6,
    integers = 7,
    strings = 8,
    tensors = 9,
    graphs = 10,
    sparse_tensor = 11,
    sparse_tensors = 12,
    type = 13,
    types = 14
  };
  std::string name, reference;  // reference: of a function's attribute
  Kind kind = Kind::undefined;
  float real = 0;
  std::int64_t integer = 0;
  std::string string;
  Tensor tensor;
  std::vector<float> reals;
  std::vector<std::int64_t> integers;
  std::vector<std::string> strings;
  std::vector<Graph> graphs;  // of kind graph: one
};

struct Node {
  std::string name, op_type, domain, overload;
  std::vector<std::string> inputs, outputs;
  std::vector<Attribute> attributes;
};

struct Dimension {
  std::optional<std::int64_t> value;
  std::string parameter;  // empty and no value: unknown
};

struct ValueInfo {
  std::string name;
  int element_type = 0;
  bool is_tensor = false;
  std::optional<std::vector<Dimension>> shape;
};

struct Graph {
  std::string name;
  std::vector<Node> nodes;
  std::vector<std::pair<std::string, Tensor>> initializers;
  std::vector<ValueInfo> inputs, outputs, value_infos;
};

struct OperatorSet {
  std::string domain;
  std::int64_t version = 0;
};

struct Function {
  std::string name, domain, overload;
  std::vector<std::string> inputs, outputs, attributes;
  std::vector<Attribute> attribute_defaults;
  std::vector<Node> nodes;
  std::vector<OperatorSet> opsets;
};

struct Model {
  std::int64_t ir_version = 0;
  std::string producer_name, producer_version;
  std::vector<OperatorSet> opsets;
  std::vector<std::pair<std::string, std::string>> metadata;
  Graph graph;
  std::vector<Function> functions;
  std::string sha256;  // of the file, lower-case hexadecimal
};

}  // namespace inferc::onnx
