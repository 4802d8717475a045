#include <gtest/gtest.h>

#include "compiler/support/write_files.hpp"

#include <array>
#include <fstream>
#include <iterator>

#include "compiler/support/diagnostics.hpp"
#include "tests/support/paths.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::ptrdiff_t entries(const fs::path& folder) { return std::distance(fs::directory_iterator(folder), {}); }

TEST(WriteFiles, MakesFoldersAndReplacesFiles) {
  const fs::path dir = test::scratch_dir("write_files") / "a" / "b";
  const FileView first[] = {{"x", "one"}, {"y", ""}};
  write_files(dir, first);
  EXPECT_EQ(read(dir / "x"), "one");
  EXPECT_TRUE(fs::exists(dir / "y"));
  write_file(dir / "x", "two");
  EXPECT_EQ(read(dir / "x"), "two");
  EXPECT_EQ(entries(dir), 2);
}

TEST(WriteFiles, WritesThroughLinksAndDevices) {
  const fs::path dir = test::scratch_dir("write_files_link");
  write_file(dir / "file", "a longer text");
  fs::create_symlink(dir / "file", dir / "link");
  write_file(dir / "link", "new");
  EXPECT_TRUE(fs::is_symlink(dir / "link"));
  EXPECT_EQ(read(dir / "file"), "new");
  write_file("/dev/null", "lost");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

TEST(WriteFiles, AFailureChangesNothing) {
  const fs::path dir = test::scratch_dir("write_files_fail");
  write_file(dir / "x", "old");
  fs::create_directory(dir / "taken");
  const FileView files[] = {{"x", "new"}, {"taken", "new"}, {"z", "new"}};
  EXPECT_THROW(write_files(dir, files), UserError);
  EXPECT_EQ(read(dir / "x"), "old");
  EXPECT_EQ(entries(dir), 2);
}

TEST(WriteFiles, SaysWhatCouldNotBeWritten) {
  const fs::path dir = test::scratch_dir("write_files_where");
  write_file(dir / "file", "");
  EXPECT_THROW(write_file(dir / "file" / "below", "x"), UserError);
  EXPECT_THROW(write_files(dir, std::array{FileView{"../out", "x"}}), InternalError);
}

}  // namespace
}  // namespace inferc
