#include "compiler/run/crew.hpp"

namespace inferc {

Crew::Crew(std::size_t threads) : start_(static_cast<std::ptrdiff_t>(threads) + 1), end_(static_cast<std::ptrdiff_t>(threads) + 1) {
  for (std::size_t t = 0; t < threads; ++t)
    threads_.emplace_back([this, t] {
      for (;;) {
        start_.arrive_and_wait();
        if (!work_) return;
        (*work_)(t);
        end_.arrive_and_wait();
      }
    });
}

Crew::~Crew() {
  work_ = nullptr;
  start_.arrive_and_wait();
}

void Crew::run(const std::function<void(std::size_t)>& work) {
  work_ = &work;
  start_.arrive_and_wait();
  end_.arrive_and_wait();
}

}  // namespace inferc
