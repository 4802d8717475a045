#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/tensor.hpp"

// ONNX files for tests, written field by field: what the onnx package would refuse to write can be written, too.
//
//   ModelSpec m;
//   m.graph.inputs = {{"x", DType::float32, {"batch", 16}}};
//   m.graph.initializers = {{"w", tensor_of<float>({16, 4}, values)}};
//   m.graph.nodes = {{"MatMul", {"x", "w"}, {"y"}}, {"Softmax", {"y"}, {"z"}, {{"axis", std::int64_t{1}}}}};
//   m.graph.outputs = {{"z", DType::float32, {"batch", 4}}};
//   write_model(path, m);
namespace inferc::test {

struct GraphSpec;

using AttributeValue = std::variant<std::int64_t, float, std::string, std::vector<std::int64_t>, std::vector<float>, std::vector<std::string>, Tensor,
                                    std::shared_ptr<const GraphSpec>>;

struct NodeSpec {
  std::string op;
  std::vector<std::string> inputs, outputs;  // "": an omitted optional one
  std::vector<std::pair<std::string, AttributeValue>> attributes{};
  std::string name{}, domain{};
};

// A size, a named one, or an unnamed one (the empty name).
class DimSpec {
 public:
  DimSpec(std::int64_t value) : value_(value) {}
  DimSpec(int value) : value_(std::int64_t{value}) {}
  DimSpec(std::string name) : value_(std::move(name)) {}
  DimSpec(const char* name) : value_(std::string(name)) {}
  [[nodiscard]] const std::variant<std::int64_t, std::string>& value() const { return value_; }

 private:
  std::variant<std::int64_t, std::string> value_;
};

struct ValueSpec {
  std::string name;
  DType dtype = DType::float32;
  std::vector<DimSpec> shape{};
  bool has_shape = true;  // false: rank unknown
};

struct GraphSpec {
  std::vector<NodeSpec> nodes{};
  std::vector<ValueSpec> inputs{}, outputs{};
  std::vector<std::pair<std::string, Tensor>> initializers{};
  std::vector<ValueSpec> values{};  // value_info of intermediate values
  std::string name = "graph";
};

struct FunctionSpec {
  std::string name, domain;
  std::vector<std::string> inputs, outputs, attributes{};
  std::vector<NodeSpec> nodes{};
  std::vector<std::pair<std::string, std::int64_t>> opsets{{"", 17}};
};

struct ModelSpec {
  GraphSpec graph{};
  std::vector<std::pair<std::string, std::int64_t>> opsets{{"", 17}};  // domain, version
  std::int64_t ir_version = 8;
  std::vector<FunctionSpec> functions{};
  std::vector<std::pair<std::string, std::string>> metadata{};
  std::string producer = "inferc tests";
};

[[nodiscard]] std::string model_bytes(const ModelSpec& model);
[[nodiscard]] std::string tensor_bytes(const Tensor& tensor, const std::string& name = {});  // a TensorProto: input_0.pb
void write_model(const std::filesystem::path& path, const ModelSpec& model);

}  // namespace inferc::test
