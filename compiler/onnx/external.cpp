#include "compiler/onnx/external.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"

namespace inferc::onnx {
namespace {

[[noreturn]] void refuse(const ExternalData& data, const std::string& reason) {
  throw UserError(fmt::format("external data '{}': {}", escape(data.location), reason), "keep external data in plain files beside the model");
}

// Opens each component with O_NOFOLLOW, so that no link on the way is followed.
int open_beneath(const std::filesystem::path& folder, const ExternalData& data) {
  const std::filesystem::path relative(data.location);
  if (data.location.empty() || relative.is_absolute() || data.location.find('\0') != std::string::npos) refuse(data, "the location must be a relative path");
  int at = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (auto part = relative.begin(); at >= 0 && part != relative.end(); ++part) {
    const bool last = std::next(part) == relative.end();
    const int next = *part == ".." ? -1 : ::openat(at, part->c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
    ::close(at);
    at = next;
  }
  if (at < 0) refuse(data, "there is no such file below the model's folder, or a link or '..' leads to it");
  return at;
}

}  // namespace

std::vector<std::byte> read_external(const std::filesystem::path& folder, const ExternalData& data, std::size_t expected) {
  const int descriptor = open_beneath(folder, data);
  struct stat info{};
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) {
    ::close(descriptor);
    refuse(data, "it must be a regular file with one name");
  }
  const MappedFile file(descriptor, data.location);
  const auto bytes = file.bytes();
  const auto length = static_cast<std::size_t>(data.length.value_or(static_cast<std::int64_t>(expected)));
  if (data.offset < 0 || data.length.value_or(0) < 0 || length != expected || static_cast<std::size_t>(data.offset) > bytes.size() ||
      length > bytes.size() - static_cast<std::size_t>(data.offset))
    refuse(data, fmt::format("offset and length do not fit {} bytes of tensor in {} bytes of file", expected, bytes.size()));
  const auto begin = bytes.begin() + data.offset;
  return {begin, begin + static_cast<std::ptrdiff_t>(length)};
}

}  // namespace inferc::onnx
