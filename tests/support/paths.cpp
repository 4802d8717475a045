#include "tests/support/paths.hpp"

#include <unistd.h>

namespace inferc::test {

std::filesystem::path source_dir() { return SOURCE_DIR; }
std::filesystem::path shared_dir() { return source_dir().parent_path() / "shared"; }

std::filesystem::path scratch_dir(const std::string& name) {
  const auto dir = std::filesystem::temp_directory_path() / ("inferc-test-" + std::to_string(::getpid())) / name;
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  return dir;
}

}  // namespace inferc::test
