#include "compiler/onnx/tensor_reader.hpp"

#include <charconv>
#include <cstring>

#include <fmt/format.h>

#include "compiler/onnx/external.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::onnx {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

struct Fields {
  std::string name;
  std::vector<std::int64_t> dims;
  int data_type = 0;
  bool external = false;
  ExternalData location;
  std::optional<protozero::data_view> raw;
  std::vector<float> floats;
  std::vector<double> doubles;
  std::vector<std::int64_t> integers;  // int32_data, int64_data, uint64_data (bits)
  std::size_t strings = 0;
};

// A repeated scalar, packed or not.
template <class T, class Packed, class One>
void append(pbf_reader& m, std::vector<T>& to, Packed packed, One one) {
  if (m.wire_type() == pbf_wire_type::length_delimited) {
    for (const auto v : packed(m)) to.push_back(static_cast<T>(v));
  } else {
    to.push_back(static_cast<T>(one(m)));
  }
}

std::int64_t parse_number(const std::string& text) {
  std::int64_t v = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), v);
  if (error != std::errc() || end != text.data() + text.size()) throw UserError(fmt::format("external data: '{}' is no number", escape(text)));
  return v;
}

void external_entry(pbf_reader m, ExternalData& data) {
  std::string key, value;
  while (m.next()) {
    if (m.tag() == 1) key = m.get_string();
    else if (m.tag() == 2) value = m.get_string();
    else m.skip();
  }
  if (key == "location") data.location = value;
  if (key == "offset") data.offset = parse_number(value);
  if (key == "length") data.length = parse_number(value);
}

Fields read_fields(pbf_reader m) {
  Fields f;
  while (m.next()) {
    switch (m.tag()) {
      case 1:
        append(m, f.dims, [](auto& x) { return x.get_packed_int64(); }, [](auto& x) { return x.get_int64(); });
        break;
      case 2:
        f.data_type = m.get_int32();
        break;
      case 4:
        append(m, f.floats, [](auto& x) { return x.get_packed_float(); }, [](auto& x) { return x.get_float(); });
        break;
      case 5:
        append(m, f.integers, [](auto& x) { return x.get_packed_int32(); }, [](auto& x) { return x.get_int32(); });
        break;
      case 6:
        m.skip();
        ++f.strings;
        break;
      case 7:
        append(m, f.integers, [](auto& x) { return x.get_packed_int64(); }, [](auto& x) { return x.get_int64(); });
        break;
      case 8:
        f.name = m.get_string();
        break;
      case 9:
        f.raw = m.get_view();
        break;
      case 10:
        append(m, f.doubles, [](auto& x) { return x.get_packed_double(); }, [](auto& x) { return x.get_double(); });
        break;
      case 11:
        append(m, f.integers, [](auto& x) { return x.get_packed_uint64(); }, [](auto& x) { return x.get_uint64(); });
        break;
      case 13:
        external_entry(m.get_message(), f.location);
        break;
      case 14:
        f.external = m.get_int32() == 1;
        break;
      default:
        m.skip();
    }
  }
  return f;
}

[[noreturn]] void wrong_size(const Fields& f, std::size_t given, std::size_t wanted) {
  throw UserError(fmt::format("tensor '{}': its data has {} bytes or elements, its shape and type need {}", escape(f.name), given, wanted),
                  "the file is damaged or was written by a faulty exporter");
}

// Packed sub-byte elements, low bits first, to one byte each; signed types extended.
void unpack(std::span<const std::byte> packed, Tensor& out) {
  const int bits = bit_width(out.dtype());
  const unsigned mask = (1u << bits) - 1;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t at = i * static_cast<std::size_t>(bits);
    unsigned v = (static_cast<unsigned>(packed[at / 8]) >> (at % 8)) & mask;
    if (is_integer(out.dtype()) && is_signed(out.dtype()) && (v >> (bits - 1)) != 0) v |= 0xffu & ~mask;
    out.bytes()[i] = static_cast<std::byte>(v);
  }
}

void fill_raw(const Fields& f, std::span<const std::byte> raw, Tensor& out) {
  const auto bits = static_cast<std::size_t>(bit_width(out.dtype()));
  const std::size_t wanted = bits < 8 ? (out.size() * bits + 7) / 8 : out.bytes().size();
  if (raw.size() != wanted) wrong_size(f, raw.size(), wanted);
  if (bits < 8) unpack(raw, out);
  else if (wanted > 0) std::memcpy(out.bytes().data(), raw.data(), wanted);
  if (out.dtype() == DType::boolean)
    for (std::byte& b : out.bytes()) b = std::byte{b != std::byte{0}};
}

void fill_integers(const Fields& f, Tensor& out) {
  const auto bits = static_cast<std::size_t>(bit_width(out.dtype()));
  if (bits < 8) {  // int32_data holds the packed bytes
    std::vector<std::byte> packed;
    for (const std::int64_t v : f.integers) packed.push_back(static_cast<std::byte>(v));
    fill_raw(f, packed, out);
    return;
  }
  if (f.integers.size() != out.size()) wrong_size(f, f.integers.size(), out.size());
  const std::size_t width = byte_size(out.dtype());
  for (std::size_t i = 0; i < out.size(); ++i) std::memcpy(out.bytes().data() + i * width, &f.integers[i], width);
  if (out.dtype() == DType::boolean) fill_raw(f, std::vector<std::byte>(out.bytes().begin(), out.bytes().end()), out);
}

void fill_typed(const Fields& f, Tensor& out) {
  if (out.dtype() == DType::float32) {
    if (f.floats.size() != out.size()) wrong_size(f, f.floats.size(), out.size());
    std::copy(f.floats.begin(), f.floats.end(), out.as<float>().begin());
  } else if (out.dtype() == DType::float64) {
    if (f.doubles.size() != out.size()) wrong_size(f, f.doubles.size(), out.size());
    std::copy(f.doubles.begin(), f.doubles.end(), out.as<double>().begin());
  } else {
    fill_integers(f, out);
  }
}

constexpr std::size_t largest_bytes = std::size_t{1} << 40;

// Of the elements as the file has them.
std::size_t stored_bytes(const Fields& f, DType dtype) {
  std::size_t size = 1;
  bool empty = false;
  for (const std::int64_t d : f.dims) {
    if (d < 0) throw UserError(fmt::format("tensor '{}' has the negative dimension {}", escape(f.name), d));
    empty |= d == 0;
  }
  if (empty) return 0;
  for (const std::int64_t d : f.dims)
    if (__builtin_mul_overflow(size, static_cast<std::size_t>(d), &size) || size > largest_bytes / byte_size(dtype))
      throw UserError(fmt::format("tensor '{}' would be larger than 2^40 bytes", escape(f.name)));
  return (size * static_cast<std::size_t>(bit_width(dtype)) + 7) / 8;
}

Tensor to_tensor(const Fields& f, const std::filesystem::path& folder) {
  const auto dtype = dtype_from_onnx(f.data_type);
  if (!dtype) throw UserError(fmt::format("tensor '{}' has the unknown element type {}", escape(f.name), f.data_type));
  if (byte_size(*dtype) == 0) return {};
  if (dtype == DType::complex64 || dtype == DType::complex128) return {};
  const std::size_t bytes = stored_bytes(f, *dtype);
  if (f.external) {
    const std::vector<std::byte> raw = read_external(folder, f.location, bytes);
    Tensor out(*dtype, f.dims);
    fill_raw(f, raw, out);
    return out;
  }
  const std::size_t given = f.raw ? f.raw->size() : 8 * (f.floats.size() + f.doubles.size() + f.integers.size());
  if (given < bytes) wrong_size(f, f.raw ? given : given / 8, bytes);  // before memory is taken
  Tensor out(*dtype, f.dims);
  if (f.raw) fill_raw(f, std::as_bytes(std::span(f.raw->data(), f.raw->size())), out);
  else fill_typed(f, out);
  return out;
}

}  // namespace

std::pair<std::string, Tensor> parse_tensor(pbf_reader message, const std::filesystem::path& folder) {
  const Fields f = read_fields(message);
  return {f.name, to_tensor(f, folder)};
}

std::pair<std::string, Tensor> parse_sparse_tensor(pbf_reader m, const std::filesystem::path& folder) {
  std::pair<std::string, Tensor> values, indices;
  std::vector<std::int64_t> dims;
  while (m.next()) {
    if (m.tag() == 1) values = parse_tensor(m.get_message(), folder);
    else if (m.tag() == 2) indices = parse_tensor(m.get_message(), folder);
    else if (m.tag() == 3) append(m, dims, [](auto& x) { return x.get_packed_int64(); }, [](auto& x) { return x.get_int64(); });
    else m.skip();
  }
  constexpr std::size_t largest_dense = std::size_t{1} << 31;  // bytes; the file has a fraction of them
  Fields shape;
  shape.name = values.first;
  shape.dims = dims;
  if (byte_size(values.second.dtype()) == 0) throw UserError(fmt::format("sparse tensor '{}' has no values of a type that can be held", escape(values.first)));
  if (stored_bytes(shape, values.second.dtype()) > largest_dense)
    throw UserError(fmt::format("sparse tensor '{}' would have more than 2^31 bytes when dense", escape(values.first)));
  Tensor out(values.second.dtype(), dims);
  const std::size_t count = values.second.size(), rank = dims.size();
  const bool linear = indices.second.rank() == 1;
  if (indices.second.dtype() != DType::int64 || indices.second.size() != (linear ? count : count * rank))
    throw UserError(fmt::format("sparse tensor '{}': its indices do not fit its values", escape(values.first)));
  const auto index = indices.second.as<std::int64_t>();
  const std::size_t width = byte_size(out.dtype());
  for (std::size_t i = 0; i < count; ++i) {
    std::int64_t at = linear ? index[i] : 0;
    for (std::size_t d = 0; !linear && d < rank; ++d) {
      const std::int64_t x = index[i * rank + d];
      at = x < 0 || x >= dims[d] ? -1 : at * dims[d] + x;
      if (at < 0) break;
    }
    if (at < 0 || at >= static_cast<std::int64_t>(out.size()))
      throw UserError(fmt::format("sparse tensor '{}': an index is out of range", escape(values.first)));
    std::memcpy(out.bytes().data() + static_cast<std::size_t>(at) * width, values.second.bytes().data() + i * width, width);
  }
  return {values.first, std::move(out)};
}

}  // namespace inferc::onnx
