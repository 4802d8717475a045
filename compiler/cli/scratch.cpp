#include "compiler/cli/scratch.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {

Scratch::Scratch(std::string_view purpose) {
  std::error_code error;
  const auto parent = std::filesystem::temp_directory_path(error);
  std::string pattern = (parent / fmt::format("inferc-{}-XXXXXX", purpose)).string();
  if (error || !::mkdtemp(pattern.data()))
    throw UserError(fmt::format("cannot make a folder in '{}'", escape(parent.string())), "set TMPDIR to a folder you can write to");
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_files_of(const std::filesystem::path& folder, const std::vector<File>& files) {
  std::vector<FileView> views;
  for (const File& f : files) views.push_back({f.name, f.content});
  write_files(folder, views);
}

}  // namespace inferc::cli
