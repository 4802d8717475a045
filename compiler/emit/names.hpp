#pragma once
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/plan/program.hpp"

namespace inferc {

// Public member names made safe and unique, in order of asking: characters outside [A-Za-z0-9_] become '_', a leading
// digit gets "n_", a keyword or reserved name a trailing '_', a collision a number.
class MemberNames {
 public:
  explicit MemberNames(std::string taken = {}) : used_{std::move(taken)} {}
  std::string make(std::string_view original);

 private:
  std::set<std::string> used_;
};

[[nodiscard]] bool is_identifier(std::string_view name);  // and no keyword

// Names in generated code.
struct Names {
  explicit Names(const Program& program);
  std::vector<std::string> symbols, inputs, outputs;                 // members, in order
  std::vector<std::string> strides;                                  // members of Inputs, by input; empty where it is dense
  std::vector<std::string> measured;                                 // members of Outputs, of Program::measured
  [[nodiscard]] std::string of_symbol(std::string_view name) const;  // its local variable in generated functions
  [[nodiscard]] const std::vector<std::string>& local_symbols() const { return local_symbols_; }
  // A size as a C++ expression of type std::size_t over the local variables named like the members, and over the
  // functions of size_functions().
  [[nodiscard]] std::string size(const Dim&) const;
  // Those local variables, of type `type`: from elements of an array or members of a struct called `from`.
  [[nodiscard]] std::string locals(std::string_view from, std::string_view type, bool by_index) const;
  // The local variables of Program::measured: elements of an array called `from`.
  [[nodiscard]] std::string measured_locals(std::string_view from) const;
  // Those of Program::strides: elements of an array called `from` behind the symbols' values.
  [[nodiscard]] std::string stride_locals(std::string_view from) const;
  // Local variables for the sizes that offsets in the arena name.
  [[nodiscard]] std::string arena_locals(std::string_view type) const;

 private:
  [[nodiscard]] std::string atom(const Dim::Atom&) const;
  const Program& program_;
  std::vector<std::string> local_symbols_, local_measured_, arena_names_;
};

// Definitions of the functions that appear in these size expressions.
[[nodiscard]] std::string size_functions(std::string_view expressions);

}  // namespace inferc
