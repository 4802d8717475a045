#pragma once
#include <cstdint>

// Counters of a profiled program.
namespace inferc::cpu {

// The processor's time stamp: of constant rate, read in a few nanoseconds without a system call. 0 where there is none.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  std::uint64_t out;
  asm volatile("mrs %0, cntvct_el0" : "=r"(out));
  return out;
#else
  return 0;
#endif
}

// Adds what went by since `last` to a counter.
inline void lap(std::uint64_t& counter, std::uint64_t& last) noexcept {
  const std::uint64_t now = ticks();
  counter += now - last;
  last = now;
}

}  // namespace inferc::cpu
