#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace inferc {

// An array of NumPy's .npy format: `descr` is its type string ("<f4", "|b1", "<i8", "|V2"), elements are dense,
// row-major, little-endian.
struct NpyArray {
  std::string descr;
  std::vector<std::int64_t> shape;
  std::vector<std::byte> bytes;
  bool operator==(const NpyArray&) const = default;
};

// Reads a whole .npy file (format versions 1 to 3). Column-major arrays are transposed. Throws UserError, naming
// `where`, for a damaged file, big-endian, object or structured elements.
[[nodiscard]] NpyArray parse_npy(std::span<const std::byte> file, std::string_view where);

// The bytes of a .npy file, version 1, header padded so that the elements start at a multiple of 64.
[[nodiscard]] std::string npy_file(std::string_view descr, const std::vector<std::int64_t>& shape, std::span<const std::byte> bytes);

}  // namespace inferc
