// Jets with a varying number of tracks, tagged by several threads that share one model.
#include <array>
#include <atomic>
#include <cstdio>
#include <random>
#include <thread>
#include <vector>

#include "tagger.hpp"

int main(int argc, char** argv) {
  tagger::Model model;
  if (const auto s = model.load(argc > 1 ? argv[1] : "tagger.weights"); s != tagger::Status::ok) return std::puts(tagger::text(s)), 1;
  constexpr int events = 2000, threads = 4;
  std::atomic<int> next{0}, tagged{0}, failed{0};
  const auto work = [&] {
    tagger::Workspace workspace(tagger::max_dims);  // the only allocation, before the loop
    std::array<float, 2> jet{};
    std::array<float, 40 * 14> tracks{};
    float b = 0, c = 0, u = 0, tau = 0;
    for (int event; (event = next++) < events;) {
      std::mt19937 random(static_cast<unsigned>(event));  // stands for reading an event
      const std::size_t n = random() % 41;
      jet = {20 + static_cast<float>(random() % 200), static_cast<float>(random() % 500) / 100 - 2.5f};
      for (float& x : tracks) x = static_cast<float>(random() % 2000) / 1000 - 1;
      const tagger::Inputs in{jet, {tracks.data(), n * 14}};
      const tagger::Outputs out{{&b, 1}, {&c, 1}, {&u, 1}, {&tau, 1}};
      if (tagger::run(model, {n}, in, out, workspace) != tagger::Status::ok) ++failed;
      else if (b > c + u + tau) ++tagged;
    }
  };
  std::vector<std::jthread> pool;
  for (int i = 0; i < threads; ++i) pool.emplace_back(work);
  pool.clear();
  std::printf("%d events on %d threads (code path %s): %d tagged, %d failed\n", events, threads, model.isa(), tagged.load(), failed.load());
  return failed == 0 ? 0 : 1;
}
