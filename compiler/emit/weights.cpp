#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/emit/emit.hpp"

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

// The types that the format knows; others as integers of their width.
std::string safetensors_name(DType t) {
  if (t == DType::boolean) return "BOOL";
  if (t == DType::float8e4m3fn) return "F8_E4M3";
  if (t == DType::float8e5m2) return "F8_E5M2";
  if (byte_size(t) == 1 && (is_float(t) || bit_width(t) < 8)) return is_float(t) || !is_signed(t) ? "U8" : "I8";
  std::string out(short_name(t));
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
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
    // The format allows no holes.
    if (const std::size_t padding = (alignment - data.size() % alignment) % alignment; padding != 0) {
      tensors[fmt::format("w{}_padding", i)] = {{"dtype", "U8"}, {"shape", {padding}}, {"data_offsets", {data.size(), data.size() + padding}}};
      data.resize(data.size() + padding);
    }
  }
  const std::string begin = fmt::format(R"({{"__metadata__":{{"structure":"{}","checksum":")", o.structure_sha256);
  std::string rest = fmt::format(R"(","model":"{}","inferc":"{}"}})", o.model_sha256, INFERC_VERSION);
  for (const auto& [key, value] : tensors.items()) rest += "," + Json(key).dump() + ":" + value.dump();
  rest += "}";
  while ((8 + begin.size() + 16 + rest.size()) % alignment != 0) rest += ' ';
  const std::uint64_t length = begin.size() + 16 + rest.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  rest += data;
  return out + begin + fmt::format("{:016x}", checksum(rest)) + rest;
}

}  // namespace inferc
