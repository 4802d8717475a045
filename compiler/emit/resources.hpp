#pragma once
#include <span>
#include <string_view>

namespace inferc {

// The kernel headers as text, for generated code to carry.
struct Resource {
  std::string_view path, text;
};
[[nodiscard]] std::span<const Resource> resources();

}  // namespace inferc
