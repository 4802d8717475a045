#include "compiler/support/diagnostics.hpp"

#include <fmt/format.h>

namespace inferc {

std::string escape(std::string_view name) {
  constexpr std::size_t longest = 120;
  std::string out;
  for (const char c : name) {
    if (out.size() >= longest) return out + "...";
    const auto byte = static_cast<unsigned char>(c);
    const bool closes_comment = c == '/' && !out.empty() && out.back() == '*';
    const bool trigraph = c == '?' && !out.empty() && out.back() == '?';
    if (byte < 0x20 || byte >= 0x7f || c == '\\' || c == '"' || closes_comment || trigraph) out += fmt::format("\\x{:02x}", byte);
    else out += c;
  }
  return out;
}

}  // namespace inferc
