#include <gtest/gtest.h>

#include "compiler/run/build.hpp"

#include <fstream>

#include "compiler/support/diagnostics.hpp"
#include "tests/run/sample_model.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

std::string problem(const fs::path& folder, const BuildOptions& options) {
  try {
    (void)build_model(folder, options);
  } catch (const UserError& e) {
    return e.what();
  }
  return {};
}

void append(const fs::path& file, const std::string& text) { std::ofstream(file, std::ios::app) << text; }

TEST(Build, KeepsWhatItBuilt) {
  BuildOptions options = test::sample_options();
  options.cache = test::scratch_dir("build_cache");
  const fs::path folder = test::sample_folder("build");
  const BuiltModel first = build_model(folder, options);
  EXPECT_FALSE(first.from_cache);
  EXPECT_EQ(first.name, "sample");
  EXPECT_EQ(first.weights, folder / "sample.weights");
  EXPECT_TRUE(build_model(folder, options).from_cache);
  append(folder / "sample.weights", "x");
  EXPECT_TRUE(build_model(folder, options).from_cache);
  append(folder / "inferc_abi.h", "/* changed */\n");
  const BuiltModel second = build_model(folder, options);
  EXPECT_FALSE(second.from_cache);
  EXPECT_NE(second.library, first.library);
  options.flags = {"-O0"};
  EXPECT_FALSE(build_model(folder, options).from_cache);
  EXPECT_EQ(std::distance(fs::directory_iterator(options.cache), {}), 3);
}

TEST(Build, PassesTheSourcesFlagsAndTheCompilersMessagesOn) {
  const fs::path folder = test::sample_folder("build_flags");
  append(folder / "sample.cpp", "static_assert(SAMPLE_FLAG == 2, \"sample says no\");\n");
  const std::string message = problem(folder, test::sample_options());
  EXPECT_NE(message.find("sample says no"), std::string::npos) << message;
  EXPECT_NE(message.find("-DSAMPLE_FLAG=1"), std::string::npos) << message;
}

TEST(Build, NamesWhatIsMissing) {
  BuildOptions options = test::sample_options();
  EXPECT_NE(problem(test::scratch_dir("build_empty"), options).find("0 manifests"), std::string::npos);
  EXPECT_NE(problem("/nonexistent", options).find("/nonexistent"), std::string::npos);
  const fs::path folder = test::sample_folder("build_missing");
  options.compiler = {"no-such-compiler"};
  EXPECT_NE(problem(folder, options).find("no-such-compiler"), std::string::npos);
  fs::remove(folder / "sample.cpp");
  EXPECT_NE(problem(folder, test::sample_options()).find("sample.cpp"), std::string::npos);
}

TEST(Build, ReadsTheEnvironment) {
  ::setenv("CXX", "ccache  g++ -pipe", 1);
  ::setenv("INFERC_CACHE", "/tmp/somewhere", 1);
  const BuildOptions options = build_options();
  ::unsetenv("CXX");
  ::unsetenv("INFERC_CACHE");
  EXPECT_EQ(options.compiler, (std::vector<std::string>{"ccache", "g++", "-pipe"}));
  EXPECT_EQ(options.cache, "/tmp/somewhere");
  EXPECT_EQ(build_options().compiler, std::vector<std::string>{"c++"});
}

}  // namespace
}  // namespace inferc
