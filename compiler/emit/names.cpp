#include "compiler/emit/names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::array keywords{
    "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char",
    "char8_t", "char16_t", "char32_t", "class", "compl", "concept", "const", "consteval", "constexpr", "constinit",
    "const_cast", "continue", "co_await", "co_return", "co_yield", "decltype", "default", "delete", "do", "double",
    "dynamic_cast", "else", "enum", "explicit", "export", "extern", "false", "float", "for", "friend", "goto", "if",
    "inline", "int", "long", "mutable", "namespace", "new", "noexcept", "not", "not_eq", "nullptr", "operator", "or",
    "or_eq", "private", "protected", "public", "register", "reinterpret_cast", "requires", "return", "short", "signed",
    "sizeof", "static", "static_assert", "static_cast", "struct", "switch", "template", "this", "thread_local", "throw",
    "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using", "virtual", "void", "volatile",
    "wchar_t", "while", "xor", "xor_eq", "linux", "unix", "NULL", "errno", "assert", "std", "main", "INFINITY", "NAN",
    "EOF", "stdin", "stdout", "stderr", "size_t", "float16", "bfloat16"};

bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool reserved(const std::string& name) {
  const bool underscore = name.size() > 1 && name[0] == '_' && (name[1] == '_' || std::isupper(static_cast<unsigned char>(name[1])));
  return underscore || name[0] == '_' || name.find("__") != std::string::npos ||
         std::find(keywords.begin(), keywords.end(), name) != keywords.end();
}

}  // namespace

bool is_identifier(std::string_view name) {
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name[0])) &&
         std::all_of(name.begin(), name.end(), [](char c) { return word(c) && static_cast<unsigned char>(c) < 0x80; }) &&
         std::find(keywords.begin(), keywords.end(), name) == keywords.end();
}

std::string MemberNames::make(std::string_view original) {
  std::string name(original.substr(0, 200));
  for (char& c : name)
    if (!word(c) || static_cast<unsigned char>(c) >= 0x80) c = '_';
  while (name.find("__") != std::string::npos) name.replace(name.find("__"), 2, "_");
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) || name[0] == '_') name = "n_" + name;
  while (name.find("__") != std::string::npos) name.replace(name.find("__"), 2, "_");
  if (reserved(name)) name += '_';
  std::string unique = name;
  for (int n = 2; !used_.insert(unique).second; ++n) unique = name + "_" + std::to_string(n);
  return unique;
}

Names::Names(const Program& program) : program_(program) {
  MemberNames dims, in, out;
  for (const Symbol& s : program.symbols->all()) symbols.push_back(dims.make(s.name));
  for (const TensorPort& p : program.inputs) inputs.push_back(in.make(p.name));
  for (const TensorPort& p : program.outputs) outputs.push_back(out.make(p.name));
}

std::string Names::of_symbol(std::string_view name) const {
  const auto& all = program_.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].name == name) return symbols[i];
  internal_error("a size names an unknown symbol: " + std::string(name));
}

// Sums, differences and products wrap; where order or sign counts, operands are read as signed.
std::string size_functions() {
  return R"([[maybe_unused]] constexpr std::size_t min_size(std::size_t a, std::size_t b) noexcept {
  return static_cast<std::ptrdiff_t>(a) < static_cast<std::ptrdiff_t>(b) ? a : b;
}
[[maybe_unused]] constexpr std::size_t max_size(std::size_t a, std::size_t b) noexcept {
  return static_cast<std::ptrdiff_t>(a) > static_cast<std::ptrdiff_t>(b) ? a : b;
}
[[maybe_unused]] constexpr std::size_t mod_size(std::size_t a, std::size_t b) noexcept {
  const auto n = static_cast<std::ptrdiff_t>(a), d = static_cast<std::ptrdiff_t>(b);
  const std::ptrdiff_t r = n % d;
  return static_cast<std::size_t>(r != 0 && (r < 0) != (d < 0) ? r + d : r);
}
[[maybe_unused]] constexpr std::size_t div_size(std::size_t a, std::size_t b) noexcept {
  return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(a - mod_size(a, b)) / static_cast<std::ptrdiff_t>(b));
}
)";
}

std::string Names::size(const Dim& dim) const {
  if (dim.terms().empty()) return "0";
  std::string out;
  for (const Dim::Term& t : dim.terms()) {
    const bool negative = t.factor < 0;
    std::string term;
    const auto magnitude = std::to_string(negative ? -t.factor : t.factor);
    if (t.atoms.empty() || magnitude != "1") term = magnitude;
    for (const auto& atom : t.atoms) {
      constexpr std::string_view functions[] = {"", "div_size", "mod_size", "min_size", "max_size"};
      const std::string text = atom->kind == Dim::Kind::symbol
                                   ? of_symbol(atom->name)
                                   : std::string(functions[static_cast<int>(atom->kind)]) + "(" + size(atom->a) + ", " + size(atom->b) + ")";
      term += (term.empty() ? "" : " * ") + text;
    }
    if (out.empty())
      out = negative ? "0 - " + term : term;
    else
      out += (negative ? " - " : " + ") + term;
  }
  return out;
}

}  // namespace inferc
