#include <nlohmann/json.hpp>

#include "compiler/emit/parts.hpp"
#include "compiler/plan/zeros.hpp"
#include "compiler/support/sha256.hpp"

namespace inferc {
namespace {

using Json = nlohmann::ordered_json;

Json sizes_of(const Shape& shape) {
  Json out = Json::array();
  for (const Dim& d : shape) d.is_constant() ? out.push_back(*d.constant()) : out.push_back(d.text());
  return out;
}

Json ports(const std::vector<TensorPort>& all, const std::vector<std::string>& members) {
  Json out = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    out.push_back({{"name", all[i].name}, {"member", members[i]}, {"dtype", name(all[i].type.dtype)}, {"shape", sizes_of(all[i].type.shape)}});
  }
  return out;
}

// Those with strides of their own say which member holds them.
Json input_list(const Program& p, const Names& names) {
  Json out = ports(p.inputs, names.inputs);
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    if (!names.strides[i].empty()) out[i]["strides"] = names.strides[i];
  return out;
}

std::int64_t at_upper(const Program& p, const Dim& d) { return p.symbols->bounds(d).upper; }

// Bytes of the constant integers and booleans that a call reads: indices, sizes and masks belong to the structure of a
// model. A call that reads narrow integers, too, is a quantised product: its wide ones are a bias.
void collect_tables(const Program& p, const Call& c, std::string& out) {
  std::string tables;
  bool quantised = false;
  for (const Arg& a : c.args)
    for (const auto& [operand, access] : operands(a)) {
      const Buffer& b = p.buffers[operand->buffer.index];
      const bool narrow = is_integer(b.dtype) && bit_width(b.dtype) <= 8;
      quantised = quantised || narrow;
      if (b.space != Space::weight || narrow || !(is_integer(b.dtype) || b.dtype == DType::boolean)) continue;
      const auto bytes = p.weights[b.index].tensor.bytes();
      tables.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
  if (!quantised) out += tables;
  for (const auto& body : c.bodies)
    for (const Call& inner : body) collect_tables(p, inner, out);
}

Json calls(const Program& p) {
  Json out = Json::array();
  for (const Call& c : p.calls) {
    out.push_back({{"kernel", c.kernel}, {"nodes", c.nodes}, {"fast", c.fast}, {"flops", at_upper(p, c.flops)}, {"bytes", at_upper(p, bytes_of(c))}});
    // What follows from the values of weights, which `inferc weights` proves again.
    if (!c.products.empty()) out.back()["products"] = c.products;
    if (!c.products.empty() || c.without_zeros != Call::Rows::none) out.back()["zeros"] = zeros_text(c.without_zeros);
    std::string tables;
    collect_tables(p, c, tables);
    if (!tables.empty()) out.back()["tables_sha256"] = sha256(std::as_bytes(std::span(tables)));
  }
  return out;
}

}  // namespace

std::vector<SourceFile> sources(const EmitOptions& o) {
  std::vector<SourceFile> out{{o.name + ".cpp", {"-O2", "-fno-exceptions"}}};
  for (const std::string& path : o.paths) out.push_back({o.name + "_" + path + ".cpp", path_flags(path)});
  if (o.embed_weights) out.push_back({o.name + "_weights.S", {}});
  return out;
}

std::string emit_manifest(const Program& p, const Names& names, const EmitOptions& o) {
  Json listed = Json::array();
  for (const SourceFile& f : sources(o)) listed.push_back({{"file", f.name}, {"cxxflags", f.flags}});
  Json symbols = Json::array();
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i)
    symbols.push_back({{"name", all[i].name}, {"member", names.symbols[i]}, {"lower", all[i].bounds.lower}, {"upper", all[i].bounds.upper}});
  Json measured = Json::array();
  for (std::size_t i = 0; i < p.measured.size(); ++i)
    measured.push_back({{"name", p.measured[i]}, {"member", names.measured[i]}, {"bound", p.symbols->at_limits(Dim::symbol(p.measured[i])).text()}});
  Json state = Json::array();
  for (const StatePort& s : p.state)
    state.push_back({{"input", s.input},
                     {"output", s.output},
                     {"dtype", name(s.type.dtype)},
                     {"shape", sizes_of(s.type.shape)},
                     {"initial", s.initial ? "weights" : "zeros"}});
  Dim flops(0);
  for (const Call& c : p.calls) flops = flops + c.flops;
  Json metadata = Json::object();
  for (const auto& [key, value] : o.metadata) metadata[key] = value;
  const bool bounded = p.symbols->all_bounded();
  Json out = {{"inferc", INFERC_VERSION},
              {"model_sha256", o.model_sha256},
              {"structure_sha256", o.structure_sha256},
              {"metadata", metadata},
              {"options", o.options},
              {"name", o.name},
              {"namespace", namespace_of(o)},
              {"sources", listed},
              {"inputs", input_list(p, names)},
              {"outputs", ports(p.outputs, names.outputs)},
              {"state", state},
              {"symbols", symbols},
              {"measured", measured},
              {"workspace_bytes", bounded ? Json(at_upper(p, p.arena_bytes)) : Json()},
              {"arena_lower_bound", bounded ? Json(at_upper(p, p.arena_lower_bound)) : Json()},
              {"weights_bytes", weights_size(p)},
              {"flops", at_upper(p, flops)},
              {"calls", calls(p)}};
  if (p.prepare) {
    out["static_inputs"] = ports(p.prepare->inputs, Names(*p.prepare).inputs);
    out["prepare"] = calls(*p.prepare);
  }
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace inferc
