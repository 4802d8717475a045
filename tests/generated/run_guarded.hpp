#pragma once
#include <cstddef>
#include <initializer_list>

struct Network {
  const char* weights;
  std::size_t weight_bytes;
  int (*run)(const std::size_t* dims, const void* const* inputs, void* const* outputs, std::byte* arena, const std::byte* weights,
             std::size_t* measured) noexcept;
  std::size_t (*arena_bytes)(const std::size_t* dims);
};
extern const Network networks[];

// A place in the arena.
struct Window {
  std::size_t offset, bytes;
};
// Of the arena these places may be reached until the next call; under the address sanitizer, else nothing.
void only_live(const std::byte* arena, std::size_t bytes, std::initializer_list<Window> live);
