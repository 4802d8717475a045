#include "compiler/onnx/reader.hpp"

#include <fmt/format.h>

#include "compiler/onnx/tensor_reader.hpp"
#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/sha256.hpp"

namespace inferc::onnx {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

constexpr int deepest_graph = 64;

struct Context {
  std::filesystem::path folder;
  int depth = 0;
};

Graph parse_graph(pbf_reader m, Context& c);

void integers(pbf_reader& m, std::vector<std::int64_t>& to) {
  if (m.wire_type() == pbf_wire_type::length_delimited)
    for (const std::int64_t v : m.get_packed_int64()) to.push_back(v);
  else to.push_back(m.get_int64());
}

void reals(pbf_reader& m, std::vector<float>& to) {
  if (m.wire_type() == pbf_wire_type::length_delimited)
    for (const float v : m.get_packed_float()) to.push_back(v);
  else to.push_back(m.get_float());
}

// Writers before IR 2 left the type out: it follows from the field that is there.
void settle_kind(Attribute& a, Attribute::Kind seen) {
  if (a.kind == Attribute::Kind::undefined) a.kind = seen;
}

Attribute parse_attribute(pbf_reader m, Context& c) {
  using Kind = Attribute::Kind;
  Attribute a;
  Kind seen = Kind::undefined;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        a.name = m.get_string();
        break;
      case 2:
        a.real = m.get_float();
        seen = Kind::real;
        break;
      case 3:
        a.integer = m.get_int64();
        seen = Kind::integer;
        break;
      case 4:
        a.string = m.get_string();
        seen = Kind::string;
        break;
      case 5:
        a.tensor = parse_tensor(m.get_message(), c.folder).second;
        seen = Kind::tensor;
        break;
      case 6:
      case 11:
        a.graphs.push_back(parse_graph(m.get_message(), c));
        seen = Kind::graph;
        break;
      case 7:
        reals(m, a.reals);
        seen = Kind::reals;
        break;
      case 8:
        integers(m, a.integers);
        seen = Kind::integers;
        break;
      case 9:
        a.strings.push_back(m.get_string());
        seen = Kind::strings;
        break;
      case 20:
        a.kind = static_cast<Kind>(m.get_int32());
        break;
      case 21:
        a.reference = m.get_string();
        break;
      case 22:
        a.tensor = parse_sparse_tensor(m.get_message(), c.folder).second;
        seen = Kind::sparse_tensor;
        break;
      default:
        m.skip();
    }
  }
  settle_kind(a, seen);
  return a;
}

Node parse_node(pbf_reader m, Context& c) {
  Node n;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        n.inputs.push_back(m.get_string());
        break;
      case 2:
        n.outputs.push_back(m.get_string());
        break;
      case 3:
        n.name = m.get_string();
        break;
      case 4:
        n.op_type = m.get_string();
        break;
      case 5:
        n.attributes.push_back(parse_attribute(m.get_message(), c));
        break;
      case 7:
        n.domain = m.get_string();
        break;
      case 8:
        n.overload = m.get_string();
        break;
      default:
        m.skip();
    }
  }
  if (n.domain == "ai.onnx") n.domain.clear();
  return n;
}

Dimension parse_dimension(pbf_reader m) {
  Dimension d;
  while (m.next()) {
    if (m.tag() == 1) d.value = m.get_int64();
    else if (m.tag() == 2) d.parameter = m.get_string();
    else m.skip();
  }
  return d;
}

void parse_tensor_type(pbf_reader m, ValueInfo& v) {
  v.is_tensor = true;
  while (m.next()) {
    if (m.tag() == 1) {
      v.element_type = m.get_int32();
    } else if (m.tag() == 2) {
      v.shape.emplace();
      pbf_reader shape = m.get_message();
      while (shape.next()) {
        if (shape.tag() == 1) v.shape->push_back(parse_dimension(shape.get_message()));
        else shape.skip();
      }
    } else {
      m.skip();
    }
  }
}

ValueInfo parse_value_info(pbf_reader m) {
  ValueInfo v;
  while (m.next()) {
    if (m.tag() == 1) {
      v.name = m.get_string();
    } else if (m.tag() == 2) {
      pbf_reader type = m.get_message();
      while (type.next()) {
        if (type.tag() == 1) parse_tensor_type(type.get_message(), v);
        else type.skip();
      }
    } else {
      m.skip();
    }
  }
  return v;
}

Graph parse_graph(pbf_reader m, Context& c) {
  if (++c.depth > deepest_graph) throw UserError(fmt::format("subgraphs are nested deeper than {}", deepest_graph));
  Graph g;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        g.nodes.push_back(parse_node(m.get_message(), c));
        break;
      case 2:
        g.name = m.get_string();
        break;
      case 5:
        g.initializers.push_back(parse_tensor(m.get_message(), c.folder));
        break;
      case 11:
        g.inputs.push_back(parse_value_info(m.get_message()));
        break;
      case 12:
        g.outputs.push_back(parse_value_info(m.get_message()));
        break;
      case 13:
        g.value_infos.push_back(parse_value_info(m.get_message()));
        break;
      case 15:
        g.initializers.push_back(parse_sparse_tensor(m.get_message(), c.folder));
        break;
      default:
        m.skip();
    }
  }
  --c.depth;
  return g;
}

OperatorSet parse_opset(pbf_reader m) {
  OperatorSet o;
  while (m.next()) {
    if (m.tag() == 1) o.domain = m.get_string();
    else if (m.tag() == 2) o.version = m.get_int64();
    else m.skip();
  }
  if (o.domain == "ai.onnx") o.domain.clear();
  return o;
}

Function parse_function(pbf_reader m, Context& c) {
  Function f;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        f.name = m.get_string();
        break;
      case 4:
        f.inputs.push_back(m.get_string());
        break;
      case 5:
        f.outputs.push_back(m.get_string());
        break;
      case 6:
        f.attributes.push_back(m.get_string());
        break;
      case 7:
        f.nodes.push_back(parse_node(m.get_message(), c));
        break;
      case 9:
        f.opsets.push_back(parse_opset(m.get_message()));
        break;
      case 10:
        f.domain = m.get_string();
        break;
      case 11:
        f.attribute_defaults.push_back(parse_attribute(m.get_message(), c));
        break;
      case 13:
        f.overload = m.get_string();
        break;
      default:
        m.skip();
    }
  }
  return f;
}

std::pair<std::string, std::string> parse_metadata(pbf_reader m) {
  std::pair<std::string, std::string> entry;
  while (m.next()) {
    if (m.tag() == 1) entry.first = m.get_string();
    else if (m.tag() == 2) entry.second = m.get_string();
    else m.skip();
  }
  return entry;
}

Model parse_model(pbf_reader m, Context& c) {
  Model model;
  bool has_graph = false;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        model.ir_version = m.get_int64();
        break;
      case 2:
        model.producer_name = m.get_string();
        break;
      case 3:
        model.producer_version = m.get_string();
        break;
      case 7:
        model.graph = parse_graph(m.get_message(), c);
        has_graph = true;
        break;
      case 8:
        model.opsets.push_back(parse_opset(m.get_message()));
        break;
      case 14:
        model.metadata.push_back(parse_metadata(m.get_message()));
        break;
      case 25:
        model.functions.push_back(parse_function(m.get_message(), c));
        break;
      default:
        m.skip();
    }
  }
  if (!has_graph) throw UserError("the file holds no graph", "it is no ONNX model, or it is cut off");
  if (model.opsets.empty()) throw UserError("the file imports no operator set", "it is no ONNX model, or it is cut off");
  if (model.ir_version < 3 || model.ir_version > 13)
    throw UserError(fmt::format("IR version {} is not supported", model.ir_version), "3 to 13 are: convert the model with onnx.version_converter");
  return model;
}

template <class Parse>
auto guarded(std::span<const std::byte> bytes, Parse parse) {
  try {
    return parse(pbf_reader(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  } catch (const protozero::exception& e) {
    throw UserError(fmt::format("the file is no valid ONNX model: {}", e.what()), "it is cut off or damaged");
  } catch (const WireTypeError& e) {
    throw UserError(fmt::format("the file is no valid ONNX model: {}", e.what()), "it is damaged");
  }
}

}  // namespace

Model parse(std::span<const std::byte> bytes, const std::filesystem::path& folder) {
  Context c{folder};
  Model model = guarded(bytes, [&](pbf_reader m) { return parse_model(m, c); });
  model.sha256 = sha256(bytes);
  return model;
}

Model read(const std::filesystem::path& path) {
  const MappedFile file(path);
  return parse(file.bytes(), path.parent_path());
}

Tensor read_tensor(const std::filesystem::path& path) {
  const MappedFile file(path);
  return guarded(file.bytes(), [&](pbf_reader m) { return parse_tensor(m, path.parent_path()).second; });
}

}  // namespace inferc::onnx
