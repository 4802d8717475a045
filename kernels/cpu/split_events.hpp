#pragma once
#include <cstddef>

#include "kernels/cpu/split.hpp"

namespace inferc::cpu {

// A run of whole events: event e has the rows offsets[e] to offsets[e + 1].
struct Events {
  std::size_t first, last;
};

// What one of `workers` has of `events` events with `rows` rows at most: an event counts as one row more than it has, so that empty ones
// count too, and no worker has more than its share and the last event of it.
struct Share {
  std::size_t events, rows;
};
constexpr Share largest_share(std::size_t events, std::size_t rows, std::size_t workers, std::size_t longest) noexcept {
  const std::size_t part = (events + rows) / workers + 1, with_last = part < rows && longest < rows - part ? part + longest : rows;
  return {part < events ? part : events, with_last};
}

// The first event of a worker: the parts begin where the rows and events before reach its share.
inline std::size_t first_event(const std::size_t* offsets, std::size_t events, std::size_t workers, std::size_t worker) noexcept {
  const std::size_t all = events + offsets[events], over = all % workers;
  const std::size_t wanted = all / workers * worker + (worker < over ? worker : over);
  std::size_t low = 0, high = events;
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (middle + offsets[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

// part(events, scratch) by as many workers as have an event and, in `arena_bytes`, bytes(events, rows) of scratch each for the largest share;
// by the caller alone where that is one. What it returns is not 0 where it failed: the first that did counts.
template <class Bytes, class Part>
int split_events(const Team& team, const std::size_t* offsets, std::size_t events, std::size_t longest, std::byte* arena, std::size_t arena_bytes,
                 const Bytes& bytes, const Part& part) {
  const std::size_t rows = offsets[events];
  std::size_t workers = team.workers < events ? team.workers : events, slice = 0;
  for (; workers > 1; --workers) {
    const Share share = largest_share(events, rows, workers, longest);
    slice = (bytes(share.events, share.rows) + 127) / 64 * 64;
    if (slice <= arena_bytes / workers) break;
  }
  if (workers < 2) return part(Events{0, events}, arena);
  struct Job {
    const Part& part;
    const std::size_t* offsets;
    std::size_t events, workers, slice;
    std::byte* arena;
    // Of a worker that has returned, in the last bytes of its scratch.
    int& status(std::size_t worker) const { return *reinterpret_cast<int*>(arena + (worker + 1) * slice - 64); }
    static void work(void* data, std::size_t worker) {
      const Job& j = *static_cast<const Job*>(data);
      if (worker >= j.workers) return;
      const std::size_t next = worker + 1, last = next == j.workers ? j.events : first_event(j.offsets, j.events, j.workers, next);
      j.status(worker) = j.part(Events{first_event(j.offsets, j.events, j.workers, worker), last}, j.arena + worker * j.slice);
    }
  } job{part, offsets, events, workers, slice, arena};
  team.fork(team.pool, &Job::work, &job);
  for (std::size_t w = 0; w < workers; ++w)
    if (job.status(w) != 0) return job.status(w);
  return 0;
}

}  // namespace inferc::cpu
