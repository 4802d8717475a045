#pragma once
#include <barrier>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

namespace inferc {

// Threads that do the same work at the same time, again and again.
class Crew {
 public:
  explicit Crew(std::size_t threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  // work(thread) on every thread; returns when all are done. The work must not throw.
  void run(const std::function<void(std::size_t thread)>& work);

 private:
  std::barrier<> start_, end_;
  const std::function<void(std::size_t)>* work_ = nullptr;  // null: stop
  std::vector<std::jthread> threads_;
};

}  // namespace inferc
