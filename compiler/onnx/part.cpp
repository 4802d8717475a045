#include "compiler/onnx/part.hpp"

#include <algorithm>

#include "compiler/onnx/proto.hpp"
#include "compiler/onnx/reads.hpp"
#include "compiler/support/diagnostics.hpp"

#include <protozero/pbf_writer.hpp>

namespace inferc::onnx {
namespace {

using Names = std::set<std::string, std::less<>>;

void add_reads(const Node& n, Names& out) {
  for (std::string& name : names_read(n)) out.insert(std::move(name));
}

// Nodes may stand in any order: more are marked until no pass finds one.
void mark(const Graph& graph, Names& needed, std::vector<bool>& nodes) {
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
      const Node& n = graph.nodes[i];
      if (nodes[i] || std::none_of(n.outputs.begin(), n.outputs.end(), [&](const std::string& o) { return needed.count(o) != 0; })) continue;
      nodes[i] = changed = true;
      add_reads(n, needed);
    }
  }
}

// Fields of GraphProto and ModelProto (onnx.proto3).
constexpr protozero::pbf_tag_type node_field = 1, initializer_field = 5, input_field = 11, output_field = 12, graph_field = 7;

std::string name_of(protozero::data_view message) {
  protozero::pbf_reader m(message);
  return m.next(1) ? m.get_string() : std::string();
}

bool lies_elsewhere(protozero::data_view tensor) {
  constexpr protozero::pbf_tag_type data_location = 14;
  protozero::pbf_reader m(tensor);
  return m.next(data_location) && m.get_int32() == 1;
}

bool stays(protozero::pbf_tag_type field, protozero::data_view message, const Part& part, std::size_t& node) {
  if (field == node_field) return part.nodes[node++];
  if (field == input_field) return part.inputs.count(name_of(message)) != 0;
  if (field == output_field) return part.outputs.count(name_of(message)) != 0;
  if (field == initializer_field && lies_elsewhere(message))
    throw UserError("--outputs, --assume: onnxruntime is given a part of the model, whose tensors lie in files of their own",
                    "onnx.save(onnx.load(MODEL), NEW) puts them into one file");
  return true;
}

std::string graph_of_part(protozero::pbf_reader graph, const Part& part) {
  std::string out;
  protozero::pbf_writer w(out);
  std::size_t node = 0;
  while (graph.next()) {
    const protozero::pbf_tag_type field = graph.tag();
    const protozero::data_view message = graph.get_view();  // every field of GraphProto is length-delimited
    if (stays(field, message, part, node)) w.add_bytes(field, message);
  }
  return out;
}

}  // namespace

Part part_for(const Graph& graph, const Names& outputs) {
  Part out{outputs, {}, std::vector<bool>(graph.nodes.size())};
  Names needed = outputs, read;
  mark(graph, needed, out.nodes);
  for (const Node& n : graph.nodes) add_reads(n, read);
  for (const ValueInfo& v : graph.outputs) read.insert(v.name);
  for (const ValueInfo& v : graph.inputs)
    if (needed.count(v.name) || !read.count(v.name)) out.inputs.insert(v.name);
  return out;
}

void keep_part(Graph& graph, const Part& part) {
  std::size_t at = 0;
  std::erase_if(graph.nodes, [&](const Node&) { return !part.nodes[at++]; });
  std::erase_if(graph.inputs, [&](const ValueInfo& v) { return !part.inputs.count(v.name); });
  std::erase_if(graph.outputs, [&](const ValueInfo& v) { return !part.outputs.count(v.name); });
}

std::string file_of_part(std::span<const std::byte> file, const Part& part) {
  std::string out;
  protozero::pbf_writer w(out);
  protozero::pbf_reader m(reinterpret_cast<const char*>(file.data()), file.size());
  while (m.next()) {
    if (m.tag() == graph_field) w.add_message(graph_field, graph_of_part(m.get_message(), part));
    else if (m.wire_type() == protozero::pbf_wire_type::varint) w.add_uint64(m.tag(), m.get_uint64());
    else w.add_bytes(m.tag(), m.get_view());
  }
  return out;
}

}  // namespace inferc::onnx
