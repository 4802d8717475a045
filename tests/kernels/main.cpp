#include <cstdio>
#include <cstring>

#include <gtest/gtest.h>

int main(int argc, char** argv) {
  const bool runs = std::strcmp(KERNEL_PATH, "v4") == 0   ? __builtin_cpu_supports("x86-64-v4") != 0
                    : std::strcmp(KERNEL_PATH, "v3") == 0 ? __builtin_cpu_supports("x86-64-v3") != 0
                                                          : true;
  if (!runs) {
    std::printf("skipped: this CPU has no %s\n", KERNEL_PATH);
    return 77;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
