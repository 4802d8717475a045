#pragma once
#include <cstddef>

#include "kernels/dim.hpp"

namespace inferc::cpu {

// Workers that share the units of a call. fork(pool, job, data) makes every worker do job(data, number of the worker) and returns
// when all have.
struct Team {
  void* pool;
  std::size_t workers;
  void (*fork)(void* pool, void (*job)(void*, std::size_t), void* data) noexcept;
};

template <class F>
struct SharedUnits {
  const F& f;
  std::size_t units, grain, workers;

  static void work(void* data, std::size_t worker) {
    const auto& all = *static_cast<const SharedUnits*>(data);
    const std::size_t chunks = (all.units + all.grain - 1) / all.grain;
    const std::size_t begin = chunks * worker / all.workers * all.grain, end = chunks * (worker + 1) / all.workers * all.grain;
    if (worker < all.workers && begin < end) run(all.f, {begin, end < all.units ? end : all.units}, worker);
  }
  static void run(const F& f, Range<std::size_t, std::size_t> part, std::size_t worker) {
    if constexpr (requires { f(part, worker); }) f(part, worker);
    else f(part);
  }
};

// f over the range [0, units): by all workers, each a run of whole grains; by the caller alone where there is one grain. f may want the
// number of the worker, below `most`, too.
template <class F>
void split(const Team& team, std::size_t units, std::size_t grain, const F& f, std::size_t most = ~std::size_t{0}) {
  const std::size_t chunks = (units + grain - 1) / grain, workers = team.workers < most ? team.workers : most;
  SharedUnits<F> shared{f, units, grain, chunks < workers ? chunks : workers};
  if (shared.workers < 2) return SharedUnits<F>::run(f, {0, units}, 0);
  team.fork(team.pool, &SharedUnits<F>::work, &shared);
}

}  // namespace inferc::cpu
