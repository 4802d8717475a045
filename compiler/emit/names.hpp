#pragma once
#include <set>
#include <string>
#include <string_view>

#include "compiler/plan/program.hpp"

namespace inferc {

// Public member names made safe and unique, in order of asking: characters outside [A-Za-z0-9_] become '_', a leading
// digit gets "n_", a keyword or reserved name a trailing '_', a collision a number.
class MemberNames {
 public:
  std::string make(std::string_view original);

 private:
  std::set<std::string> used_;
};

[[nodiscard]] bool is_identifier(std::string_view name);  // and no keyword

// Names in generated code.
struct Names {
  explicit Names(const Program& program);
  std::vector<std::string> symbols, inputs, outputs;  // members, in order
  [[nodiscard]] std::string of_symbol(std::string_view name) const;
  // A size as a C++ expression of type std::size_t over the local variables named like the members.
  [[nodiscard]] std::string size(const Dim&) const;

 private:
  const Program& program_;
};

// Definitions of the functions that Names::size() uses: floor division, remainder, minimum and maximum.
[[nodiscard]] std::string size_functions();

}  // namespace inferc
