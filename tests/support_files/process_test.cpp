#include <gtest/gtest.h>

#include "compiler/support/process.hpp"

#include <chrono>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

TEST(Process, GivesStatusAndBothStreams) {
  const Finished f = run_process({{"sh", "-c", "echo out; echo err >&2; exit 3"}, {}, 0});
  EXPECT_EQ(f.status, 3);
  EXPECT_EQ(f.output, "out\nerr\n");
}

TEST(Process, TakesNoShellAndAnEmptyInput) {
  EXPECT_EQ(run_process({{"echo", "a b", "$HOME;"}, {}, 0}).output, "a b $HOME;\n");
  EXPECT_EQ(run_process({{"cat"}, {}, 0}).output, "");
  EXPECT_EQ(run_process({{"pwd"}, "/usr", 0}).output, "/usr\n");
}

TEST(Process, ReportsSignals) { EXPECT_EQ(run_process({{"sh", "-c", "kill -SEGV $$"}, {}, 0}).status, 128 + 11); }

TEST(Process, StopsAtTheTimeLimitWithAllChildren) {
  const auto start = std::chrono::steady_clock::now();
  const Finished f = run_process({{"sh", "-c", "echo begun; sleep 60 & sleep 60"}, {}, 1});
  EXPECT_TRUE(f.timed_out);
  EXPECT_EQ(f.output, "begun\n");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(Process, SaysThatAProgramIsMissing) {
  EXPECT_THROW((void)run_process({{"/nonexistent/program"}, {}, 0}), UserError);
  EXPECT_THROW((void)run_process({{"true"}, "/nonexistent", 0}), UserError);
}

TEST(Process, SplitsWords) {
  EXPECT_EQ(split_words("  ccache g++\t-O2 "), (std::vector<std::string>{"ccache", "g++", "-O2"}));
  EXPECT_TRUE(split_words(" ").empty());
}

}  // namespace
}  // namespace inferc
