#pragma once
#include <filesystem>
#include <string_view>

#include "compiler/emit/emit.hpp"

namespace inferc::cli {

// A folder of our own below the system's temporary folder, removed at the end.
class Scratch {
 public:
  explicit Scratch(std::string_view purpose);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

void write_files_of(const std::filesystem::path& folder, const std::vector<File>& files);

}  // namespace inferc::cli
