#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "compiler/support/cpu.hpp"

// Built for any CPU. Runs before the initialisers of the tests, which are built for the path and may use its
// instructions.
[[gnu::constructor(101)]] static void skip_where_the_cpu_lacks_the_path() {
  __builtin_cpu_init();
  using namespace inferc;
  const bool runs = std::strcmp(KERNEL_PATH, "v4q") == 0  ? has_v4q()
                    : std::strcmp(KERNEL_PATH, "v4") == 0 ? has_v4()
                    : std::strcmp(KERNEL_PATH, "v3") == 0 ? has_v3()
                                                          : true;
  if (runs) return;
  std::puts("skipped: this CPU has no " KERNEL_PATH);
  std::fflush(stdout);
  _exit(77);
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::UnitTest::GetInstance()->total_test_count() == 0) {
    std::puts("configured on a CPU without " KERNEL_PATH ": run cmake again to build its tests");
    return 1;
  }
  return RUN_ALL_TESTS();
}
