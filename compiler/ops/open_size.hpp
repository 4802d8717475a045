#pragma once
#include <string>

#include "compiler/ir/dim.hpp"

// A size of an output that the file leaves open: a symbol that is declared, and so the caller's to give, once an operator needs it.
// Until then its name ends with a mark that no symbol has.
namespace inferc {

inline constexpr char open_mark = '?';

[[nodiscard]] inline Dim open_size(const std::string& name) { return Dim::symbol(name + open_mark); }
[[nodiscard]] inline bool is_open_size(const Dim& d) { return d.as_symbol().ends_with(open_mark); }

}  // namespace inferc
