#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inferc::onnx {

struct ExternalData {
  std::string location;
  std::int64_t offset = 0;
  std::optional<std::int64_t> length;
};

// The bytes of external tensor data: a regular file below `folder`, reached without symbolic links or "..", with one
// name only; offset and length inside the file. Throws UserError otherwise. `expected` is the tensor's size in bytes.
[[nodiscard]] std::vector<std::byte> read_external(const std::filesystem::path& folder, const ExternalData& data, std::size_t expected);

}  // namespace inferc::onnx
