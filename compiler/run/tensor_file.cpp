#include "compiler/run/tensor_file.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/npz.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

struct NumpyName {
  DType dtype;
  std::string_view descr;
};
constexpr NumpyName own_types[] = {{DType::float32, "<f4"},   {DType::float64, "<f8"},    {DType::float16, "<f2"}, {DType::boolean, "|b1"},
                                   {DType::int8, "|i1"},      {DType::int16, "<i2"},      {DType::int32, "<i4"},   {DType::int64, "<i8"},
                                   {DType::uint8, "|u1"},     {DType::uint16, "<u2"},     {DType::uint32, "<u4"},  {DType::uint64, "<u8"},
                                   {DType::complex64, "<c8"}, {DType::complex128, "<c16"}};

// "<u1" and "|u1" name one type.
bool same_type(std::string_view a, std::string_view b) { return a.substr(1) == b.substr(1); }

std::optional<DType> dtype_of_array(std::string_view descr) {
  const auto at = std::find_if(std::begin(own_types), std::end(own_types), [&](const NumpyName& n) { return same_type(n.descr, descr); });
  return at == std::end(own_types) ? std::nullopt : std::optional(at->dtype);
}

bool lacks_numpy_type(DType t) {
  return std::none_of(std::begin(own_types), std::end(own_types), [&](const NumpyName& n) { return n.dtype == t; });
}

bool stands_for(std::string_view descr, DType wanted) {
  if (wanted == DType::undefined || wanted == DType::string || !lacks_numpy_type(wanted)) return false;
  return same_type(descr, numpy_type(wanted)) || descr.substr(1) == fmt::format("V{}", byte_size(wanted));
}

// Reads input `key` as the type `wanted`, or nothing where there is none.
using TensorSource = std::function<std::optional<Tensor>(const std::string& key, DType wanted)>;

TensorSource folder_source(const fs::path& folder, const ProtoReader& read_proto) {
  return [&](const std::string& key, DType wanted) -> std::optional<Tensor> {
    if (const fs::path npy = folder / (key + ".npy"); fs::exists(npy)) return read_npy(npy, wanted);
    if (const fs::path proto = folder / (key + ".pb"); fs::exists(proto)) return read_proto(proto);
    return std::nullopt;
  };
}

using Arrays = std::map<std::string, NpyArray, std::less<>>;

TensorSource archive_source(const Arrays& arrays, const std::string& where) {
  return [&](const std::string& key, DType wanted) -> std::optional<Tensor> {
    const auto at = arrays.find(key);
    if (at == arrays.end()) return std::nullopt;
    return to_tensor(at->second, wanted, where + ":" + key);
  };
}

std::vector<Tensor> collect(const TensorSource& source, std::span<const NamedType> ports, const std::string& where, bool by_position) {
  std::vector<Tensor> out;
  Diagnostics problems;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const bool positional = by_position || !is_safe_file_name(ports[i].name);
    const std::string key = positional ? fmt::format("input_{}", i) : ports[i].name;
    try {
      if (std::optional<Tensor> tensor = source(key, ports[i].type.dtype)) out.push_back(std::move(*tensor));
      else problems.error(fmt::format("'{}' lacks input {} '{}'", escape(where), i, escape(ports[i].name)), fmt::format("add {}.npy", escape(key)));
    } catch (const UserError& e) {
      for (const Diagnostic& d : e.problems()) problems.error(d.message, d.help);
    }
  }
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

}  // namespace

std::string_view numpy_type(DType dtype) {
  for (const NumpyName& n : own_types)
    if (n.dtype == dtype) return n.descr;
  if (dtype == DType::bfloat16) return "<u2";
  if (dtype == DType::int4 || dtype == DType::int2) return "|i1";
  if (byte_size(dtype) == 1) return "|u1";
  throw UserError(fmt::format("a tensor of {} has no .npy form", name(dtype)));
}

Tensor to_tensor(const NpyArray& array, DType wanted, std::string_view where) {
  const std::optional<DType> own = dtype_of_array(array.descr);
  const bool stored = stands_for(array.descr, wanted);
  if (!own && !stored)
    throw UserError(fmt::format("'{}' holds elements of type '{}', which no model takes", escape(where), escape(array.descr)), "convert it with array.astype");
  Tensor out(stored ? wanted : *own, array.shape);
  if (!array.bytes.empty()) std::memcpy(out.bytes().data(), array.bytes.data(), array.bytes.size());
  if (out.dtype() == DType::boolean)
    for (std::uint8_t& b : out.as<std::uint8_t>()) b = b != 0;
  return out;
}

Tensor read_npy(const fs::path& path, DType wanted) {
  const MappedFile file(path);
  return to_tensor(parse_npy(file.bytes(), path.string()), wanted, path.string());
}

std::string npy_file(const Tensor& tensor) { return npy_file(numpy_type(tensor.dtype()), tensor.shape(), tensor.bytes()); }

std::vector<Tensor> read_inputs(const fs::path& where, std::span<const NamedType> ports, const ProtoReader& read_proto) {
  if (fs::is_directory(where)) {
    const bool by_position = fs::exists(where / "input_0.npy") || fs::exists(where / "input_0.pb");
    return collect(folder_source(where, read_proto), ports, where.string(), by_position);
  }
  const MappedFile file(where);
  Arrays arrays;
  for (auto& [key, array] : parse_npz(file.bytes(), where.string())) arrays.insert_or_assign(key, std::move(array));
  return collect(archive_source(arrays, where.string()), ports, where.string(), arrays.contains("input_0"));
}

void write_outputs(const fs::path& folder, std::span<const Tensor> outputs) {
  std::vector<std::string> contents;
  for (const Tensor& t : outputs) contents.push_back(npy_file(t));
  std::vector<FileView> files;
  for (std::size_t i = 0; i < contents.size(); ++i) files.push_back({fmt::format("output_{}.npy", i), contents[i]});
  write_files(folder, files);
}

bool is_safe_file_name(std::string_view name) {
  if (name.empty() || name == "." || name == ".." || name.size() > 200) return false;
  return std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace inferc
