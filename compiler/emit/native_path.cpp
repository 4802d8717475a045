#include "compiler/emit/native_path.hpp"

#include <cstdlib>
#include <string_view>

#include "compiler/emit/emit.hpp"
#include "compiler/support/cpu.hpp"

namespace inferc {

std::string native_code_path([[maybe_unused]] const Program& program) {
  const char* const variable = std::getenv("INFERC_ISA");
  const std::string_view limit = variable ? variable : "";
  if (limit == "base") return "base";
#if defined(__x86_64__)
  if (limit != "v3" && limit != "v4" && has_integer_products(program.calls) && has_v4q()) return "v4q";
  if (limit != "v3" && has_v4()) return "v4";
  if (has_v3()) return "v3";
#elif defined(__aarch64__)
  return "neon";
#endif
  return "base";
}

}  // namespace inferc
