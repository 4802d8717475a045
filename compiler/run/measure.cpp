#include "compiler/run/measure.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <sched.h>
#include <time.h>

namespace inferc {
namespace {

constexpr double shortest_sample_ns = 20e3;
constexpr std::size_t fewest_samples = 11, most_samples = 2000;
constexpr std::size_t evicted_bytes = std::size_t{64} << 20;

double clock_cost_ns() {
  double best = 1e9;
  for (int i = 0; i < 100; ++i) {
    const double start = thread_cpu_ns();
    best = std::min(best, thread_cpu_ns() - start);
  }
  return best;
}

class Evictor {
 public:
  void run() {
    bytes_.resize(evicted_bytes);
    for (std::size_t i = 0; i < bytes_.size(); i += 64) ++bytes_[i];
  }

 private:
  std::vector<unsigned char> bytes_;
};

double sample_ns(const Contestant& c, std::size_t calls, double clock_cost) {
  if (c.timed_calls) return std::max(0.0, c.timed_calls(calls) - clock_cost) / static_cast<double>(calls);
  const double start = thread_cpu_ns();
  c.calls(calls);
  return std::max(0.0, thread_cpu_ns() - start - clock_cost) / static_cast<double>(calls);
}

struct Plan {
  std::size_t calls = 1, samples = fewest_samples;
};

Plan plan_for(const Contestant& c, const MeasureOptions& options, double clock_cost) {
  double one = sample_ns(c, 1, clock_cost);
  one = sample_ns(c, 1, clock_cost);
  for (std::size_t n = 2; n < 1'000'000 && one * static_cast<double>(n) < shortest_sample_ns; n *= 4) one = sample_ns(c, n, clock_cost);
  one = std::max(one, 1.0);
  Plan out;
  if (!options.cold) out.calls = static_cast<std::size_t>(std::max(1.0, std::ceil(1.25 * shortest_sample_ns / one)));
  const double length = options.cold ? 10e6 : one * static_cast<double>(out.calls);  // eviction dominates
  out.samples = std::clamp(static_cast<std::size_t>(options.seconds * 1e9 / length), fewest_samples, most_samples);
  return out;
}

Timing summarise(std::vector<double>& samples, const Plan& plan) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return {*std::min_element(samples.begin(), samples.end()), *middle, samples.size(), plan.calls};
}

}  // namespace

double thread_cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

std::vector<Timing> measure(std::span<const Contestant> contestants, const MeasureOptions& options) {
  const double clock_cost = clock_cost_ns();
  std::vector<Plan> plans;
  std::size_t rounds = most_samples;
  for (const Contestant& c : contestants) {
    plans.push_back(plan_for(c, options, clock_cost));
    rounds = std::min(rounds, plans.back().samples);
  }
  std::vector<std::vector<double>> samples(contestants.size());
  Evictor evictor;
  for (std::size_t round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < contestants.size(); ++i) {
      if (options.cold) evictor.run();
      samples[i].push_back(sample_ns(contestants[i], plans[i].calls, clock_cost));
    }
  std::vector<Timing> out;
  for (std::size_t i = 0; i < contestants.size(); ++i) out.push_back(summarise(samples[i], plans[i]));
  return out;
}

Pinned::Pinned() : before_(sizeof(cpu_set_t)) {
  cpu_set_t set;
  const int core = ::sched_getcpu();
  if (core < 0 || ::sched_getaffinity(0, sizeof set, &set) != 0) return;
  std::memcpy(before_.data(), &set, sizeof set);
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(core), &set);
  if (::sched_setaffinity(0, sizeof set, &set) == 0) core_ = core;
}

Pinned::~Pinned() {
  cpu_set_t set;
  std::memcpy(&set, before_.data(), sizeof set);
  if (core_ >= 0) ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace inferc
