#pragma once
#include <cstddef>

namespace inferc::bench {

struct Reference {
  const char* name;
  void (*run)(const float* x, double* y, std::size_t n);
};
extern const Reference references[];
extern const std::size_t reference_count;

}  // namespace inferc::bench
