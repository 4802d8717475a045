#include "tests/support/onnx_writer.hpp"

#include "compiler/onnx/proto.hpp"
#include "compiler/support/write_files.hpp"

#include <protozero/pbf_writer.hpp>

// Field numbers: onnx.proto of ONNX 1.22.
namespace inferc::test {
namespace {

using Writer = protozero::pbf_writer;

std::string graph_bytes(const GraphSpec& graph);

// Elements narrower than a byte are packed, the first in the low bits.
std::string raw_data(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  const int width = bit_width(tensor.dtype());
  if (width >= 8) return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  const std::size_t per_byte = 8 / static_cast<std::size_t>(width);
  std::string out((bytes.size() + per_byte - 1) / per_byte, '\0');
  const unsigned mask = (1u << width) - 1;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned bits = (std::to_integer<unsigned>(bytes[i]) & mask) << (i % per_byte * static_cast<std::size_t>(width));
    out[i / per_byte] = static_cast<char>(static_cast<unsigned char>(out[i / per_byte]) | bits);
  }
  return out;
}

struct AttributeWriter {
  Writer& w;
  void type(int number) { w.add_int32(20, number); }
  void operator()(std::int64_t v) { w.add_int64(3, v), type(2); }
  void operator()(float v) { w.add_float(2, v), type(1); }
  void operator()(const std::string& v) { w.add_bytes(4, v), type(3); }
  void operator()(const std::vector<std::int64_t>& v) { w.add_packed_int64(8, v.begin(), v.end()), type(7); }
  void operator()(const std::vector<float>& v) { w.add_packed_float(7, v.begin(), v.end()), type(6); }
  void operator()(const std::vector<std::string>& v) {
    for (const std::string& s : v) w.add_bytes(9, s);
    type(8);
  }
  void operator()(const Tensor& v) { w.add_message(5, tensor_bytes(v)), type(4); }
  void operator()(const std::shared_ptr<const GraphSpec>& v) { w.add_message(6, graph_bytes(*v)), type(5); }
};

std::string attribute_bytes(const std::string& name, const AttributeValue& value) {
  std::string out;
  Writer w(out);
  w.add_string(1, name);
  std::visit(AttributeWriter{w}, value);
  return out;
}

std::string node_bytes(const NodeSpec& node) {
  std::string out;
  Writer w(out);
  for (const std::string& name : node.inputs) w.add_string(1, name);
  for (const std::string& name : node.outputs) w.add_string(2, name);
  if (!node.name.empty()) w.add_string(3, node.name);
  w.add_string(4, node.op);
  for (const auto& [name, value] : node.attributes) w.add_message(5, attribute_bytes(name, value));
  if (!node.domain.empty()) w.add_string(7, node.domain);
  return out;
}

std::string shape_bytes(const std::vector<DimSpec>& shape) {
  std::string out;
  Writer w(out);
  for (const DimSpec& d : shape) {
    Writer dim(w, 1);
    if (const auto* size = std::get_if<std::int64_t>(&d.value())) dim.add_int64(1, *size);
    else if (const auto& name = std::get<std::string>(d.value()); !name.empty()) dim.add_string(2, name);
  }
  return out;
}

std::string value_bytes(const ValueSpec& value) {
  std::string out;
  Writer w(out);
  w.add_string(1, value.name);
  Writer type(w, 2);
  Writer tensor(type, 1);
  tensor.add_int32(1, static_cast<int>(value.dtype));
  if (value.has_shape) tensor.add_message(2, shape_bytes(value.shape));
  return out;
}

std::string graph_bytes(const GraphSpec& graph) {
  std::string out;
  Writer w(out);
  for (const NodeSpec& n : graph.nodes) w.add_message(1, node_bytes(n));
  w.add_string(2, graph.name);
  for (const auto& [name, tensor] : graph.initializers) w.add_message(5, tensor_bytes(tensor, name));
  for (const ValueSpec& v : graph.inputs) w.add_message(11, value_bytes(v));
  for (const ValueSpec& v : graph.outputs) w.add_message(12, value_bytes(v));
  for (const ValueSpec& v : graph.values) w.add_message(13, value_bytes(v));
  return out;
}

std::string pair_bytes(const std::string& key, const std::string& value) {
  std::string out;
  Writer w(out);
  w.add_string(1, key);
  w.add_string(2, value);
  return out;
}

void add_opsets(Writer& w, protozero::pbf_tag_type field, const std::vector<std::pair<std::string, std::int64_t>>& opsets) {
  for (const auto& [domain, version] : opsets) {
    Writer opset(w, field);
    if (!domain.empty()) opset.add_string(1, domain);
    opset.add_int64(2, version);
  }
}

std::string function_bytes(const FunctionSpec& f) {
  std::string out;
  Writer w(out);
  w.add_string(1, f.name);
  for (const std::string& name : f.inputs) w.add_string(4, name);
  for (const std::string& name : f.outputs) w.add_string(5, name);
  for (const std::string& name : f.attributes) w.add_string(6, name);
  for (const NodeSpec& n : f.nodes) w.add_message(7, node_bytes(n));
  add_opsets(w, 9, f.opsets);
  w.add_string(10, f.domain);
  return out;
}

}  // namespace

std::string tensor_bytes(const Tensor& tensor, const std::string& name) {
  std::string out;
  Writer w(out);
  w.add_packed_int64(1, tensor.shape().begin(), tensor.shape().end());
  w.add_int32(2, static_cast<int>(tensor.dtype()));
  if (!name.empty()) w.add_string(8, name);
  w.add_bytes(9, raw_data(tensor));
  return out;
}

std::string model_bytes(const ModelSpec& model) {
  std::string out;
  Writer w(out);
  w.add_int64(1, model.ir_version);
  w.add_string(2, model.producer);
  w.add_message(7, graph_bytes(model.graph));
  add_opsets(w, 8, model.opsets);
  for (const auto& [key, value] : model.metadata) w.add_message(14, pair_bytes(key, value));
  for (const FunctionSpec& f : model.functions) w.add_message(25, function_bytes(f));
  return out;
}

void write_model(const std::filesystem::path& path, const ModelSpec& model) { write_file(path, model_bytes(model)); }

}  // namespace inferc::test
