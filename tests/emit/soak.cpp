// Calls two compiled models N times and watches the process: every ten seconds the calls so far, the resident memory, the open
// files and the slowest call; exit 1 when memory or files grow, a status is not ok, or equal inputs give other bits.
// usage: soak N MLP.weights GN2.weights
#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "gn2_small.hpp"
#include "jet_mlp.hpp"

namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* what) { std::fprintf(stderr, "soak: %s\n", what), std::exit(1); }

long resident_kib() {
  long pages = 0;
  std::FILE* f = std::fopen("/proc/self/statm", "r");
  if (!f || std::fscanf(f, "%*s %ld", &pages) != 1) fail("no /proc/self/statm");
  std::fclose(f);
  return pages * sysconf(_SC_PAGESIZE) / 1024;
}

int open_files() {
  int n = 0;
  DIR* d = opendir("/proc/self/fd");
  while (d && readdir(d)) ++n;
  if (d) closedir(d);
  return n;
}

std::vector<float> normal(std::size_t n, unsigned seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> draw;
  std::vector<float> out(n);
  for (float& x : out) x = draw(bits);
  return out;
}

constexpr std::size_t samples = 64, most_tracks = 40;
using Bits = std::array<float, 4>;

// Both models and one workspace of each: what one thread of an event loop owns, loaded anew at every churn.
struct Loop {
  jet_mlp::Model mlp;
  gn2_small::Model gn2;
  jet_mlp::Workspace one{jet_mlp::Dims{.batch = 1}};
  gn2_small::Workspace tracks{gn2_small::max_dims};
  Loop(const char* mlp_weights, const char* gn2_weights) {
    if (mlp.load(mlp_weights) != jet_mlp::Status::ok || gn2.load(gn2_weights) != gn2_small::Status::ok) fail("the weights do not load");
  }

  Bits jet(const std::vector<float>& in, std::size_t k) {
    Bits out{};
    if (run(mlp, {.batch = 1}, {{in.data() + 16 * k, 16}}, {out}, one) != jet_mlp::Status::ok) fail("jet_mlp: a call failed");
    return out;
  }

  Bits tagged(const std::vector<float>& in, std::size_t k) {
    Bits out{};
    const std::size_t n = k % (most_tracks + 1);
    const gn2_small::Outputs outputs{{&out[0], 1}, {&out[1], 1}, {&out[2], 1}, {&out[3], 1}};
    if (run(gn2, {.n_tracks = n}, {{in.data() + k, 2}, {in.data() + k, n * 14}}, outputs, tracks) != gn2_small::Status::ok) fail("gn2_small: a call failed");
    return out;
  }
};

struct Watch {
  long kib = 0;
  int files = 0;
  Clock::time_point last = Clock::now();
  std::chrono::nanoseconds slowest{0};
  void report(unsigned long long calls) {
    std::printf("%llu calls, %ld KiB resident, %d open files, slowest %.1f us\n", calls, resident_kib(), open_files(),
                static_cast<double>(slowest.count()) / 1e3);
    std::fflush(stdout);
    if (kib == 0) kib = resident_kib(), files = open_files();
    if (resident_kib() > kib + 256) fail("the resident memory grows");
    if (open_files() != files) fail("the number of open files changes");
    last = Clock::now(), slowest = {};
  }
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) fail("usage: soak N MLP.weights GN2.weights");
  const unsigned long long calls = std::strtoull(argv[1], nullptr, 10);
  const std::vector<float> in = normal(16 * samples, 1);
  std::array<Bits, samples> jets, tagged;
  auto loop = std::make_unique<Loop>(argv[2], argv[3]);
  std::printf("code path %s\n", loop->gn2.isa());
  const auto reload = [&] { loop.reset(), loop = std::make_unique<Loop>(argv[2], argv[3]); };
  for (int i = 0; i < 10000; ++i) reload();
  for (std::size_t k = 0; k < samples; ++k) jets[k] = loop->jet(in, k), tagged[k] = loop->tagged(in, k);
  Watch watch;
  for (unsigned long long i = 0; i < calls; ++i) {
    const std::size_t k = i % samples;
    const bool second = i / samples % 16 == 0;  // one call in 16 is of the large model
    const Clock::time_point begin = Clock::now();
    const bool same = second ? loop->tagged(in, k) == tagged[k] : loop->jet(in, k) == jets[k];
    watch.slowest = std::max(watch.slowest, std::chrono::nanoseconds(Clock::now() - begin));
    if (!same) fail("equal inputs gave other bits");
    if (i % (1 << 20) == 0) reload();
    if (i == 0 || Clock::now() - watch.last > std::chrono::seconds(10)) watch.report(i);
  }
  watch.report(calls);
  return 0;
}
