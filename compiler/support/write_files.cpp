#include "compiler/support/write_files.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void cannot_write(const fs::path& path, const std::string& reason) {
  throw UserError(fmt::format("cannot write '{}': {}", escape(path.string()), reason));
}

// A name in `folder` that no other thread or process uses.
fs::path temporary(const fs::path& folder) {
  static std::atomic<unsigned> next{0};
  return folder / fmt::format(".inferc-{}-{}", ::getpid(), next++);
}

int write_all(int descriptor, std::string_view rest) {
  while (!rest.empty()) {
    const ssize_t n = ::write(descriptor, rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return 0;
}

// Files under temporary names; those that did not take their place are removed.
class Staged {
 public:
  Staged() = default;
  Staged(const Staged&) = delete;
  Staged& operator=(const Staged&) = delete;
  ~Staged() {
    for (const auto& [from, to] : moves_) ::unlink(from.c_str());
  }
  void add(const fs::path& to, std::string_view content) {
    const fs::path from = temporary(to.parent_path());
    const int descriptor = ::open(from.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor < 0) cannot_write(to, std::strerror(errno));
    moves_.emplace_back(from, to);
    const int problem = write_all(descriptor, content);
    if (::close(descriptor) != 0 || problem != 0) cannot_write(to, std::strerror(problem ? problem : errno));
    if (fs::is_directory(to)) cannot_write(to, "it is a folder");
  }
  void commit() {
    while (!moves_.empty()) {
      const auto& [from, to] = moves_.back();
      if (::rename(from.c_str(), to.c_str()) != 0) cannot_write(to, std::strerror(errno));
      moves_.pop_back();
    }
  }

 private:
  std::vector<std::pair<fs::path, fs::path>> moves_;
};

// Links (/dev/stdout is one), pipes and devices keep their place.
void write_through(const fs::path& path, std::string_view content) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) cannot_write(path, std::strerror(errno));
  const int problem = write_all(descriptor, content);
  if (::close(descriptor) != 0 || problem != 0) cannot_write(path, std::strerror(problem ? problem : errno));
}

void make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) cannot_write(folder, error.message());
}

}  // namespace

void write_file(const fs::path& path, std::string_view content) {
  if (std::error_code none; fs::is_symlink(path, none) || fs::is_other(path, none)) return write_through(path, content);
  const FileView file{path.filename(), content};
  write_files(path.has_parent_path() ? path.parent_path() : fs::path("."), std::span(&file, 1));
}

void write_files(const fs::path& folder, std::span<const FileView> files) {
  make_folder(folder);
  Staged staged;
  for (const FileView& file : files) {
    const fs::path name = file.name;
    if (name.empty() || name.has_parent_path() || name == "." || name == "..") internal_error("no plain file name: " + escape(file.name));
    staged.add(folder / name, file.content);
  }
  staged.commit();
}

}  // namespace inferc
