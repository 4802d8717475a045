#include "compiler/support/npz.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

#include <fmt/format.h>
#include <zlib.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// Records of a zip archive (APPNOTE 6.3): signatures and lengths of the fixed parts.
constexpr std::uint32_t local_signature = 0x04034b50, central_signature = 0x02014b50, end_signature = 0x06054b50;
constexpr std::size_t local_bytes = 30, central_bytes = 46, end_bytes = 22;
constexpr std::size_t longest_comment = 0xffff;
constexpr std::size_t best_ratio = 1032;  // of deflate

class Archive {
 public:
  Archive(std::span<const std::byte> file, std::string_view where) : file_(file), where_(where) {}

  [[noreturn]] void fail(std::string_view reason, std::string help = {}) const {
    throw UserError(fmt::format("'{}' is no usable .npz file: {}", escape(where_), reason), std::move(help));
  }
  std::span<const std::byte> part(std::size_t at, std::size_t count) const {
    if (at > file_.size() || count > file_.size() - at) fail("it is truncated or damaged");
    return file_.subspan(at, count);
  }
  std::size_t number(std::size_t at, std::size_t bytes) const {
    std::size_t out = 0;
    const auto from = part(at, bytes);
    for (std::size_t i = bytes; i-- > 0;) out = out << 8 | std::to_integer<std::size_t>(from[i]);
    return out;
  }
  std::string text(std::size_t at, std::size_t count) const {
    const auto from = part(at, count);
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }
  std::size_t end_record() const {
    if (file_.size() < end_bytes) fail("it is too short");
    const std::size_t last = file_.size() - end_bytes;
    for (std::size_t at = last;; --at) {
      if (number(at, 4) == end_signature) return at;
      if (at == 0 || last - at >= longest_comment) fail("it has no directory");
    }
  }

 private:
  std::span<const std::byte> file_;
  std::string_view where_;
};

struct Entry {
  std::string name;
  std::size_t method, crc, packed, size, local;
};

std::uint32_t checksum(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

std::vector<std::byte> inflated(const Archive& archive, std::span<const std::byte> packed, std::size_t size) {
  if (size / best_ratio > packed.size() + 1) archive.fail("a member has an impossible size");
  std::vector<std::byte> out(size);
  Bytef none = 0;
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = size ? reinterpret_cast<Bytef*>(out.data()) : &none;
  stream.avail_out = static_cast<uInt>(size);
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) archive.fail("zlib does not start");
  const int result = inflate(&stream, Z_FINISH);
  const bool complete = result == Z_STREAM_END && stream.total_out == size;
  inflateEnd(&stream);
  if (!complete) archive.fail("its compressed data are damaged");
  return out;
}

std::vector<std::byte> contents(const Archive& archive, const Entry& e) {
  if (archive.number(e.local, 4) != local_signature) archive.fail("it is truncated or damaged");
  const std::size_t data = e.local + local_bytes + archive.number(e.local + 26, 2) + archive.number(e.local + 28, 2);
  const auto packed = archive.part(data, e.packed);
  if (e.method != 0 && e.method != 8) archive.fail(fmt::format("member '{}' is packed by method {}", escape(e.name), e.method), "save it with NumPy's savez");
  if (e.method == 0 && e.packed != e.size) archive.fail("a stored member has two sizes");
  std::vector<std::byte> out = e.method == 8 ? inflated(archive, packed, e.size) : std::vector<std::byte>(packed.begin(), packed.end());
  if (checksum(out) != e.crc) archive.fail(fmt::format("member '{}' has a wrong checksum", escape(e.name)));
  return out;
}

std::vector<Entry> directory(const Archive& archive) {
  const std::size_t end = archive.end_record();
  const std::size_t count = archive.number(end + 10, 2);
  std::size_t at = archive.number(end + 16, 4);
  if (count == 0xffff || at == 0xffffffff) archive.fail("it is larger than 4 GB or has 65,535 members", "save the arrays as .npy files in a folder");
  std::vector<Entry> out;
  for (std::size_t i = 0; i < count; ++i) {
    if (archive.number(at, 4) != central_signature) archive.fail("its directory is damaged");
    if (archive.number(at + 8, 2) & 1) archive.fail("it is encrypted");
    const std::size_t name = archive.number(at + 28, 2);
    out.push_back({archive.text(at + central_bytes, name), archive.number(at + 10, 2), archive.number(at + 16, 4), archive.number(at + 20, 4),
                   archive.number(at + 24, 4), archive.number(at + 42, 4)});
    const Entry& e = out.back();
    if (e.packed == 0xffffffff || e.size == 0xffffffff || e.local == 0xffffffff)
      archive.fail("a member is larger than 4 GB", "save the arrays as .npy files in a folder");
    at += central_bytes + name + archive.number(at + 30, 2) + archive.number(at + 32, 2);
  }
  return out;
}

void put(std::string& out, std::size_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
}

// What the local and the central record of a stored member share.
void put_common(std::string& out, const std::string& name, std::uint32_t crc, std::size_t size) {
  constexpr std::size_t first_day = 0x0021;  // 1980-01-01: the same bytes on every day
  for (const std::size_t field : {std::size_t{20}, std::size_t{0}, std::size_t{0}, std::size_t{0}, first_day}) put(out, field, 2);
  for (const std::size_t field : {std::size_t{crc}, size, size}) put(out, field, 4);
  put(out, name.size(), 2);
  put(out, 0, 2);
}

}  // namespace

std::vector<std::pair<std::string, NpyArray>> parse_npz(std::span<const std::byte> file, std::string_view where) {
  const Archive archive(file, where);
  std::vector<std::pair<std::string, NpyArray>> out;
  for (const Entry& e : directory(archive)) {
    constexpr std::string_view suffix = ".npy";
    if (!e.name.ends_with(suffix)) continue;
    const std::string key = e.name.substr(0, e.name.size() - suffix.size());
    out.emplace_back(key, parse_npy(contents(archive, e), std::string(where) + ":" + key));
  }
  return out;
}

std::string npz_file(std::span<const std::pair<std::string, std::string>> arrays) {
  std::string out, central;
  for (const auto& [key, bytes] : arrays) {
    const std::string name = key + ".npy";
    const std::uint32_t crc = checksum(std::as_bytes(std::span(bytes)));
    const std::size_t local = out.size();
    if (local + bytes.size() >= 0xffffffff) throw UserError("the arrays do not fit into one .npz file of 4 GB", "write .npy files");
    put(out, local_signature, 4);
    put_common(out, name, crc, bytes.size());
    out += name + bytes;
    put(central, central_signature, 4);
    put(central, 20, 2);
    put_common(central, name, crc, bytes.size());
    for (const std::size_t length : {2U, 2U, 2U, 4U}) put(central, 0, length);
    put(central, local, 4);
    central += name;
  }
  const std::size_t at = out.size();
  out += central;
  put(out, end_signature, 4);
  put(out, 0, 4);
  put(out, arrays.size(), 2);
  put(out, arrays.size(), 2);
  put(out, central.size(), 4);
  put(out, at, 4);
  put(out, 0, 2);
  return out;
}

}  // namespace inferc
