#pragma once
#include <cstddef>

struct Network {
  const char* weights;
  std::size_t weight_bytes;
  int (*run)(const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte* weights,
             std::size_t* measured) noexcept;
  std::size_t (*arena_bytes)(const std::size_t* dims);
};
extern const Network networks[];
