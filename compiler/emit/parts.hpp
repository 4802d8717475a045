#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "compiler/emit/emit.hpp"

// Sections of the generated files.
namespace inferc {

// --- N.hpp
[[nodiscard]] std::string public_type(DType);  // element type in the C++ interface

// --- N.cpp
[[nodiscard]] std::string emit_dispatch(const Program&, const EmitOptions&);  // code paths: declarations, CPU detection, choice
[[nodiscard]] std::string emit_load(const Program&, const EmitOptions&);
[[nodiscard]] std::string emit_check(const Program&, const Names&, const EmitOptions&);
// The same of what static inputs decide, in a namespace of its own, and the note on it in the workspace.
[[nodiscard]] std::string emit_prepare_check(const Program& whole);
// The counters in the workspace, of a program that has some.
[[nodiscard]] std::string emit_profile(const Program&);
// The same of a program over many events, in a namespace of its own.
[[nodiscard]] std::string emit_batch_check(const Program& batch, const Symbol& size, bool threads);
// The function check_indices, if the caller gives indices.
[[nodiscard]] std::string emit_index_check(const Program&, const Names&);
// Bytes of scratch as an expression over the dims at `from`, the local variables it needs, and, where it may overflow,
// the class of its checked arithmetic.
struct CheckedSize {
  std::string locals, value, functions;
};
[[nodiscard]] CheckedSize arena_size(const Program&, const Names&, std::string_view from, bool by_index);
[[nodiscard]] std::string emit_twin(const Program&, const Names&, const EmitOptions&);

// --- N_body.hpp
// What body() returns: a Fault, and where a guard of input k found it, k + 1 times this more.
inline constexpr std::size_t guarded_input_code = 256;
// Kernel headers and the user's, each once and after those it includes, their own include lines taken out.
[[nodiscard]] std::string amalgamate(const std::vector<std::string>& headers, const std::vector<UserHeader>& users);
// The lines of the user's headers that include standard ones.
[[nodiscard]] std::string user_includes(const std::vector<UserHeader>& users);

// Fused expressions as named structs with a static `apply`; equal ones share one.
class Functors {
 public:
  std::string name(const Expr&, bool accumulator);
  [[nodiscard]] const std::string& definitions() const { return text_; }

 private:
  std::vector<std::pair<std::string, std::string>> known_;  // body, name
  std::string text_;
};

[[nodiscard]] std::string real_literal(double);  // of type double
[[nodiscard]] std::string float_literal(double);

// --- N.json and N.weights
// SHA-256 of the generated code without its comments: calls, sizes and literals (folded constants among them), the interface and
// its checks. Code and weights of two programs fit together where it is equal. Names of nodes and inner tensors stand in comments
// only; the model's own name, its code paths and where its weights lie are left out. `body`: what emit_body gave.
[[nodiscard]] std::string structure_hash(const Program&, const Names&, std::string_view body);
// C++ text without comments, blank lines and blanks at line ends.
[[nodiscard]] std::string without_comments(std::string_view code);

// The path of the weights symbol: Itanium name of the variable `name` in the model's namespace.
[[nodiscard]] std::string mangled(const EmitOptions&, std::string_view name);

}  // namespace inferc
