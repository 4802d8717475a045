#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

namespace inferc {

// A regular file mapped read-only for the lifetime of the object.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);                  // throws UserError
  explicit MappedFile(int descriptor, const std::filesystem::path& path);  // takes the descriptor over
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  void map(int descriptor, const std::filesystem::path& path);
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace inferc
