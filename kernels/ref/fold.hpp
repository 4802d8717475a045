#pragma once
#include <cstddef>

#include "kernels/ref/sum.hpp"

// The order of kernels/ref/sum.hpp for elements that come one after the other, and for other operations than a sum.
namespace inferc::ref {

inline constexpr std::size_t sum_lanes = 16;

// 16 lanes joined to 8, 4, 2, 1: lane i takes lane i + width.
template <class F, class T>
constexpr T join_lanes(T* lane) {
  for (std::size_t width = sum_lanes / 2; width > 0; width /= 2)
    for (std::size_t i = 0; i < width; ++i) lane[i] = F::apply(lane[i], lane[i + width]);
  return lane[0];
}

// Totals of blocks, joined pairwise: level k holds the total of 2^k neighbouring blocks, as the bits of a counter; what
// is left at the end is joined from the shortest level up, the earlier blocks as the left operand.
template <class F, class T>
class PairwiseTotals {
 public:
  constexpr void add(T total) {
    std::size_t level = 0;
    for (; (blocks_ >> level & 1) != 0; ++level) total = F::apply(level_[level], total);
    level_[level] = total;
    ++blocks_;
  }
  constexpr T total(T neutral) const {
    bool any = false;
    T out = neutral;
    for (std::size_t level = 0; level < 54; ++level) {
      if ((blocks_ >> level & 1) == 0) continue;
      out = any ? F::apply(level_[level], out) : level_[level];
      any = true;
    }
    return out;
  }

 private:
  std::size_t blocks_ = 0;
  T level_[54] = {};
};

// A fold of F over elements given one after the other: element j goes to lane j mod 16, every lane starts from the
// neutral element in each block of 1,024 elements.
template <class F, class T>
class Fold {
 public:
  constexpr explicit Fold(T neutral) : neutral_(neutral) { start(); }
  constexpr void add(T x) {
    T& lane = lane_[count_ % sum_lanes];
    lane = F::apply(lane, x);
    step();
  }
  constexpr T total() {
    if (count_ % sum_block != 0 || count_ == 0) totals_.add(join_lanes<F>(lane_));
    return totals_.total(neutral_);
  }

 private:
  constexpr void start() {
    for (T& x : lane_) x = neutral_;
  }
  constexpr void step() {
    if (++count_ % sum_block != 0) return;
    totals_.add(join_lanes<F>(lane_));
    start();
  }
  T neutral_;
  T lane_[sum_lanes];
  std::size_t count_ = 0;
  PairwiseTotals<F, T> totals_;
};

template <class T>
class Sum : public Fold<functors::add, T> {
 public:
  constexpr Sum() : Fold<functors::add, T>(T{}) {}
};

}  // namespace inferc::ref
