#pragma once
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace inferc {

struct FileView {
  std::string name;  // a plain file name
  std::string_view content;
};

// Writes one file so that a reader sees the old content or the whole new one; links and devices are written
// through (/dev/stdout stays what it is). Throws UserError.
void write_file(const std::filesystem::path& path, std::string_view content);

// Writes all files into `folder` (made with its parents where missing): every content lies complete on disk under a
// temporary name before the first one takes its place, so a failure to write changes nothing. Throws UserError.
void write_files(const std::filesystem::path& folder, std::span<const FileView> files);

}  // namespace inferc
