#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/emit/emit.hpp"
#include "compiler/emit/resources.hpp"
#include "compiler/support/sha256.hpp"

namespace inferc {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t alignment = 64;

// The twin of checksum() in the generated source.
std::uint64_t checksum(const std::string& bytes) {
  std::uint64_t h[4] = {1, 2, 3, 4};
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, std::min<std::size_t>(8, bytes.size() - i));
    h[i / 8 % 4] = (h[i / 8 % 4] ^ word) * 0x100000001b3u;
  }
  return ((h[0] * 31 + h[1]) * 31 + h[2]) * 31 + h[3];
}

std::string safetensors_name(DType t) {
  if (t == DType::boolean) return "BOOL";
  std::string out(short_name(t));
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

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

std::size_t weights_size(const Program& p) {
  std::size_t size = 0;
  for (const Weight& w : p.weights) size += (w.tensor.bytes().size() + alignment - 1) / alignment * alignment;
  return size;
}

std::string emit_weights(const Program& p, const EmitOptions& o) {
  std::string data;
  Json tensors = Json::object();
  for (std::size_t i = 0; i < p.weights.size(); ++i) {
    const auto bytes = p.weights[i].tensor.bytes();
    tensors[fmt::format("w{}", i)] = {{"dtype", safetensors_name(p.weights[i].tensor.dtype())},
                                      {"shape", p.weights[i].tensor.shape()},
                                      {"data_offsets", {data.size(), data.size() + bytes.size()}}};
    data.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    data.resize((data.size() + alignment - 1) / alignment * alignment);
  }
  std::string header = fmt::format(R"({{"__metadata__":{{"structure":"{}","checksum":"{:016x}","model":"{}","inferc":"{}"}})",
                                   o.structure_sha256, checksum(data), o.model_sha256, INFERC_VERSION);
  for (const auto& [key, value] : tensors.items()) header += "," + Json(key).dump() + ":" + value.dump();
  header += "}";
  while ((8 + header.size()) % alignment != 0) header += ' ';
  const std::uint64_t length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + data;
}

std::string emit_manifest(const Program& p, const Names& names, const EmitOptions& o) {
  Json sources = Json::array();
  sources.push_back({{"file", o.name + ".cpp"}, {"cxxflags", Json::array({"-O2"})}});
  for (const std::string& path : o.paths) sources.push_back({{"file", o.name + "_" + path + ".cpp"}, {"cxxflags", path_flags(path)}});
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
                    {"name", o.name}, {"namespace", namespace_of(o)}, {"sources", sources}, {"inputs", ports(p.inputs, names.inputs)},
                    {"outputs", ports(p.outputs, names.outputs)}, {"symbols", symbols},
                    {"workspace_bytes", bounded ? Json(at_upper(p, p.arena_bytes)) : Json()},
                    {"arena_lower_bound", bounded ? Json(at_upper(p, p.arena_lower_bound)) : Json()},
                    {"weights_bytes", weights_size(p)}, {"flops", at_upper(p, flops)}, {"calls", calls(p)}};
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::vector<File> emit(const Program& program, const EmitOptions& given) {
  const Names names(program);
  EmitOptions o = given;
  const std::string body = emit_body(program, names, o);
  o.structure_sha256 = sha256(std::as_bytes(std::span(body)));
  std::vector<File> files{{o.name + ".hpp", emit_header(program, names, o)},
                          {o.name + ".cpp", emit_source(program, names, o)},
                          {o.name + "_body.hpp", body},
                          {o.name + ".json", emit_manifest(program, names, o)},
                          {o.name + ".weights", emit_weights(program, o)}};
  for (const Resource& r : resources())
    if (r.path == "compiler/run/inferc_abi.h") files.push_back({"inferc_abi.h", std::string(r.text)});
  for (const std::string& path : o.paths) files.push_back({o.name + "_" + path + ".cpp", emit_path(o, path)});
  return files;
}

}  // namespace inferc
