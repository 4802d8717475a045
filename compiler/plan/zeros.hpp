#pragma once
#include "compiler/call/call.hpp"

namespace inferc {

// In words, which rows of a product leave the zeros of its weights out: "kept" where none do.
[[nodiscard]] const char* zeros_text(Call::Rows without_zeros);

}  // namespace inferc
