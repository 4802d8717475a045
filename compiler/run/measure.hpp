#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace inferc {

// One of several ways to do the same work.
struct Contestant {
  std::string name;
  std::function<void(std::size_t count)> calls;  // makes `count` calls one after the other
  // Instead, for several threads: each makes `count` calls; returns the nanoseconds that a thread took for them.
  std::function<double(std::size_t count)> timed_calls{};
};

struct Timing {
  double min_ns = 0, median_ns = 0;  // of one call
  std::size_t samples = 0, calls_per_sample = 1;
};

struct MeasureOptions {
  double seconds = 1;  // of measurement for each contestant
  bool cold = false;   // caches are overwritten before each call
};

// Times the contestants in turn, sample by sample, by the clock of this thread's CPU time less the clock's own cost. A
// sample is a batch of calls of at least 20 us in all; where caches are cold, a single call.
[[nodiscard]] std::vector<Timing> measure(std::span<const Contestant> contestants, const MeasureOptions& options = {});

[[nodiscard]] double thread_cpu_ns();

// Keeps this thread on the core it runs on, and gives its freedom back at the end.
class Pinned {
 public:
  Pinned();
  ~Pinned();
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  [[nodiscard]] int core() const { return core_; }  // -1: could not be pinned

 private:
  int core_ = -1;
  std::vector<unsigned char> before_;
};

}  // namespace inferc
