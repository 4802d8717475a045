#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/support/npy.hpp"

namespace inferc {

// The arrays of a .npz file (a zip of .npy files, stored or deflated) in their order, keyed without ".npy"; other
// members are left out. Throws UserError, naming `where`, for a damaged, encrypted or zip64 archive.
[[nodiscard]] std::vector<std::pair<std::string, NpyArray>> parse_npz(std::span<const std::byte> file, std::string_view where);

// A .npz file, stored, of (key, bytes of a .npy file).
[[nodiscard]] std::string npz_file(std::span<const std::pair<std::string, std::string>> arrays);

}  // namespace inferc
