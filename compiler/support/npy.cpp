#include "compiler/support/npy.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::string_view magic("\x93NUMPY", 6);
constexpr std::size_t alignment = 64;

struct Header {
  std::string descr;
  bool column_major = false;
  std::vector<std::int64_t> shape;
};

// The Python literal {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } in any order of keys.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view where) : rest_(text), where_(where) {}

  Header parse() {
    Header out;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(descr, true)) out.descr = type();
      else if (key == "fortran_order" && !std::exchange(order, true)) out.column_major = truth();
      else if (key == "shape" && !std::exchange(shape, true)) out.shape = tuple();
      else fail("its header has the key '" + escape(key) + "'");
      if (!take(',') && (blanks(), rest_.substr(0, 1) != "}")) fail("its header is damaged");
    }
    if (!descr || !order || !shape) fail("its header lacks descr, fortran_order or shape");
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& reason) const { throw UserError(fmt::format("'{}' is no usable .npy file: {}", escape(where_), reason)); }
  void blanks() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail("its header is damaged");
  }
  std::string quoted() {
    blanks();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) fail("its header is damaged");
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) fail("its header is damaged");
    std::string out(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return out;
  }
  std::string type() {
    blanks();
    if (rest_.substr(0, 1) == "[") fail("its elements are structured; save one array for each field");
    return quoted();
  }
  bool truth() {
    blanks();
    for (const std::string_view word : {"True", "False"})
      if (rest_.substr(0, word.size()) == word) return rest_.remove_prefix(word.size()), word == "True";
    fail("its header is damaged");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> out;
    expect('(');
    while (!take(')')) {
      blanks();
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
      if (error != std::errc() || value < 0 || out.size() >= 64) fail("its shape is damaged");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      out.push_back(value);
      if (!take(',') && (blanks(), rest_.substr(0, 1) != ")")) fail("its shape is damaged");
    }
    return out;
  }
  std::string_view rest_, where_;
};

[[noreturn]] void refuse(std::string_view where, std::string_view reason, std::string help = {}) {
  throw UserError(fmt::format("'{}' is no usable .npy file: {}", escape(where), reason), std::move(help));
}

std::size_t element_bytes(const std::string& descr, std::string_view where) {
  if (descr.size() >= 3 && descr[0] == '>')
    refuse(where, "its elements are big-endian ('" + escape(descr) + "')", "save array.astype(array.dtype.newbyteorder('<'))");
  std::size_t bytes = 0;
  const char* const last = descr.data() + descr.size();
  const bool known =
      descr.size() >= 3 && (descr[0] == '<' || descr[0] == '|' || descr[0] == '=') && std::string_view("biufcV").find(descr[1]) != std::string_view::npos;
  if (known) {
    const auto [end, error] = std::from_chars(descr.data() + 2, last, bytes);
    if (error == std::errc() && end == last && bytes >= 1 && bytes <= 32) return bytes;
  }
  refuse(where, "its elements are of type '" + escape(descr) + "'", "save an array of numbers");
}

std::size_t total_bytes(const Header& header, std::size_t element, std::string_view where) {
  std::size_t total = element;
  if (std::find(header.shape.begin(), header.shape.end(), 0) != header.shape.end()) return 0;
  for (const std::int64_t d : header.shape)
    if (__builtin_mul_overflow(total, static_cast<std::size_t>(d), &total)) refuse(where, "its shape is too large");
  return total;
}

std::vector<std::byte> row_major(std::span<const std::byte> from, const std::vector<std::int64_t>& shape, std::size_t element) {
  std::vector<std::byte> out(from.size());
  std::vector<std::size_t> stride(shape.size()), index(shape.size());
  std::size_t step = element;
  for (std::size_t d = 0; d < shape.size(); step *= static_cast<std::size_t>(shape[d]), ++d) stride[d] = step;
  std::size_t source = 0;
  for (std::size_t at = 0; at < out.size(); at += element) {
    std::memcpy(out.data() + at, from.data() + source, element);
    for (std::size_t d = shape.size(); d-- > 0;) {
      source += stride[d];
      if (++index[d] < static_cast<std::size_t>(shape[d])) break;
      source -= stride[d] * index[d];
      index[d] = 0;
    }
  }
  return out;
}

// Offset and length of the header text.
std::pair<std::size_t, std::size_t> header_place(std::span<const std::byte> file, std::string_view where) {
  if (file.size() < 12 || std::memcmp(file.data(), magic.data(), magic.size()) != 0) refuse(where, "it does not begin like one");
  const auto version = std::to_integer<int>(file[6]);
  if (version < 1 || version > 3) refuse(where, fmt::format("it has format version {}", version), "save it with NumPy's save");
  std::size_t length = 0;
  for (std::size_t i = version == 1 ? 2 : 4; i-- > 0;) length = length << 8 | std::to_integer<std::size_t>(file[8 + i]);
  const std::size_t begin = version == 1 ? 10 : 12;
  if (length > file.size() - begin) refuse(where, "it ends within its header");
  return {begin, length};
}

}  // namespace

NpyArray parse_npy(std::span<const std::byte> file, std::string_view where) {
  const auto [begin, length] = header_place(file, where);
  Header header = HeaderParser({reinterpret_cast<const char*>(file.data()) + begin, length}, where).parse();
  const std::size_t element = element_bytes(header.descr, where);
  const std::span<const std::byte> data = file.subspan(begin + length);
  const std::size_t expected = total_bytes(header, element, where);
  if (data.size() != expected) refuse(where, fmt::format("it holds {} bytes of elements, its shape needs {}", data.size(), expected));
  if (header.descr[0] == '=') header.descr[0] = '<';
  NpyArray out{std::move(header.descr), std::move(header.shape), {}};
  out.bytes = header.column_major && out.shape.size() > 1 ? row_major(data, out.shape, element) : std::vector<std::byte>(data.begin(), data.end());
  return out;
}

std::string npy_file(std::string_view descr, const std::vector<std::int64_t>& shape, std::span<const std::byte> bytes) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}{}), }}", descr, fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
  header.append((alignment - (10 + header.size() + 1) % alignment) % alignment, ' ');
  header += '\n';
  std::string out(magic);
  out += {'\1', '\0', static_cast<char>(header.size() & 0xff), static_cast<char>(header.size() >> 8)};
  out += header;
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return out;
}

}  // namespace inferc
