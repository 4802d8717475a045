#include "compiler/support/isolate.hpp"

#include <csignal>

#include <unistd.h>

#include <gtest/gtest.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

TEST(Isolate, OneTaskThatCrashesHangsOrThrowsDoesNotLoseTheOthers) {
  const std::vector<std::function<std::string()>> tasks{[] { return std::string("first"); },
                                                        [] {
                                                          std::raise(SIGSEGV);
                                                          return std::string();
                                                        },
                                                        [] {
                                                          for (;;) ::pause();
                                                          return std::string();
                                                        },
                                                        []() -> std::string { throw UserError("a reason"); },
                                                        []() -> std::string { ::_exit(3); },
                                                        [] { return std::string(1'000'000, 'x'); }};
  std::size_t told = 0;
  const auto outcomes = run_isolated(tasks, {2, 2}, [&](std::size_t n) { told = n; });
  ASSERT_EQ(outcomes.size(), 6U);
  EXPECT_EQ(told, 6U);
  EXPECT_TRUE(outcomes[0].finished);
  EXPECT_EQ(outcomes[0].result, "first");
  EXPECT_FALSE(outcomes[1].finished);
  EXPECT_NE(outcomes[1].failure.find("signal 11"), std::string::npos) << outcomes[1].failure;
  EXPECT_FALSE(outcomes[2].finished);
  EXPECT_EQ(outcomes[2].failure, "no end after 2 s");
  EXPECT_EQ(outcomes[3].failure, "a reason");
  EXPECT_EQ(outcomes[4].failure, "exit status 3");
  EXPECT_EQ(outcomes[5].result.size(), 1'000'000U);
}

}  // namespace
}  // namespace inferc
