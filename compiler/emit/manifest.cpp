#include <nlohmann/json.hpp>

#include "compiler/emit/parts.hpp"

namespace inferc {
namespace {

using Json = nlohmann::ordered_json;

Json ports(const std::vector<TensorPort>& all, const std::vector<std::string>& members) {
  Json out = Json::array();
  for (std::size_t i = 0; i < all.size(); ++i) {
    Json shape = Json::array();
    for (const Dim& d : all[i].type.shape) d.is_constant() ? shape.push_back(*d.constant()) : shape.push_back(d.text());
    out.push_back({{"name", all[i].name}, {"member", members[i]}, {"dtype", name(all[i].type.dtype)}, {"shape", shape}});
  }
  return out;
}

std::int64_t at_upper(const Program& p, const Dim& d) { return p.symbols->bounds(d).upper; }

Json calls(const Program& p) {
  Json out = Json::array();
  for (const Call& c : p.calls) {
    Dim bytes(0);
    for (const Arg& a : c.args)
      for (const auto& [operand, access] : operands(a)) bytes = bytes + operand->size() * Dim(static_cast<std::int64_t>(byte_size(operand->dtype)));
    out.push_back({{"kernel", c.kernel}, {"nodes", c.nodes}, {"fast", c.fast}, {"flops", at_upper(p, c.flops)}, {"bytes", at_upper(p, bytes)}});
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
  Dim flops(0);
  for (const Call& c : p.calls) flops = flops + c.flops;
  Json metadata = Json::object();
  for (const auto& [key, value] : o.metadata) metadata[key] = value;
  const bool bounded = p.symbols->all_bounded();
  const Json out = {{"inferc", INFERC_VERSION}, {"model_sha256", o.model_sha256}, {"structure_sha256", o.structure_sha256}, {"metadata", metadata},
                    {"name", o.name}, {"namespace", namespace_of(o)}, {"sources", listed}, {"inputs", ports(p.inputs, names.inputs)},
                    {"outputs", ports(p.outputs, names.outputs)}, {"symbols", symbols},
                    {"workspace_bytes", bounded ? Json(at_upper(p, p.arena_bytes)) : Json()},
                    {"arena_lower_bound", bounded ? Json(at_upper(p, p.arena_lower_bound)) : Json()},
                    {"weights_bytes", weights_size(p)}, {"flops", at_upper(p, flops)}, {"calls", calls(p)}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace inferc
