#include "compiler/emit/names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::array keywords{
    "alignas",  "alignof",  "and",       "and_eq",       "asm",       "auto",       "bitand",        "bitor",       "bool",
    "break",    "case",     "catch",     "char",         "char8_t",   "char16_t",   "char32_t",      "class",       "compl",
    "concept",  "const",    "consteval", "constexpr",    "constinit", "const_cast", "continue",      "co_await",    "co_return",
    "co_yield", "decltype", "default",   "delete",       "do",        "double",     "dynamic_cast",  "else",        "enum",
    "explicit", "export",   "extern",    "false",        "float",     "for",        "friend",        "goto",        "if",
    "inline",   "int",      "long",      "mutable",      "namespace", "new",        "noexcept",      "not",         "not_eq",
    "nullptr",  "operator", "or",        "or_eq",        "private",   "protected",  "public",        "register",    "reinterpret_cast",
    "requires", "return",   "short",     "signed",       "sizeof",    "static",     "static_assert", "static_cast", "struct",
    "switch",   "template", "this",      "thread_local", "throw",     "true",       "try",           "typedef",     "typeid",
    "typename", "union",    "unsigned",  "using",        "virtual",   "void",       "volatile",      "wchar_t",     "while",
    "xor",      "xor_eq",   "linux",     "unix",         "NULL",      "errno",      "assert",        "std",         "main",
    "INFINITY", "NAN",      "EOF",       "stdin",        "stdout",    "stderr",     "size_t",        "float16",     "bfloat16",
    "BUFSIZ",   "alloca",   "NDEBUG"};

// Names that generated functions use themselves where a symbol's size is a local variable.
constexpr std::array internal_names{
    "dim",     "dims",          "Range",       "View",        "Sizes",        "Params",      "Fault",        "f",           "body",    "inputs",   "outputs",
    "arena",   "weights",       "inferc",      "ref",         "cpu",          "functors",    "in",           "out",         "needed",  "offender", "overlap",
    "holds",   "check",         "execute",     "input_bytes", "output_bytes", "input_count", "output_count", "arena_bytes", "Status",  "Size",     "index",
    "shape",   "measured",      "offsets",     "team",        "units",        "worker",      "model",        "bad",         "i",       "o",        "s",
    "strides", "check_indices", "indices_fit", "index_fits",  "detail",       "min_size",    "max_size",     "div_size",    "mod_size"};

// Macros of the standard headers that an interface includes.
bool looks_like_standard_macro(const std::string& name) {
  const bool upper = name.size() > 3 && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isupper(c) || std::isdigit(c) || c == '_'; });
  constexpr std::array prefixes{"SEEK_", "EXIT_", "RAND_", "TMP_", "FOPEN_", "FILENAME_", "MB_", "CLOCKS_", "LC_"};
  const auto starts = [&](const char* p) { return name.starts_with(p); };
  return upper &&
         (name[0] == 'E' || name.ends_with("_MAX") || name.ends_with("_MIN") || name.ends_with("_C") || std::any_of(prefixes.begin(), prefixes.end(), starts));
}

bool names_a_buffer(const std::string& name) {
  const auto digits = [&] { return std::all_of(name.begin() + 1, name.end(), [](unsigned char c) { return std::isdigit(c); }); };
  return name.starts_with("in_") || name.starts_with("out_") || name.starts_with("fused_") || ((name[0] == 'w' || name[0] == 't') && digits());
}

bool word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool reserved(const std::string& name) {
  const bool underscore = name.size() > 1 && name[0] == '_' && (name[1] == '_' || std::isupper(static_cast<unsigned char>(name[1])));
  return underscore || name[0] == '_' || name.find("__") != std::string::npos || looks_like_standard_macro(name) ||
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
  MemberNames dims("Dims"), in("Inputs"), out("Outputs");
  (void)in.make("StaticInputs");
  (void)out.make("Results");
  for (const Symbol& s : program.symbols->all()) symbols.push_back(dims.make(s.name));
  for (const TensorPort& p : program.inputs) inputs.push_back(in.make(p.name));
  for (std::size_t i = 0; i < inputs.size(); ++i) strides.push_back(strides_of(program, program.inputs[i]).empty() ? "" : in.make(inputs[i] + "_strides"));
  for (const TensorPort& p : program.outputs) outputs.push_back(out.make(p.name));
  for (const std::string& s : program.measured) measured.push_back(out.make(s));
  MemberNames unique;
  const auto local = [&](const std::string& s) {
    const bool taken = names_a_buffer(s) || std::find(internal_names.begin(), internal_names.end(), s) != internal_names.end();
    return unique.make(taken ? "sym_" + s : s);
  };
  for (const std::string& s : symbols) local_symbols_.push_back(local(s));
  for (const Symbol& s : program.symbols->measured()) local_measured_.push_back(local(MemberNames().make(s.name)));
  for (const auto& [name, size] : program.arena_locals) arena_names_.push_back(unique.make(name));
}

std::string Names::of_symbol(std::string_view name) const {
  const auto& all = program_.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].name == name) return local_symbols_[i];
  const auto& found = program_.symbols->measured();
  for (std::size_t i = 0; i < found.size(); ++i)
    if (found[i].name == name) return local_measured_[i];
  for (std::size_t i = 0; i < arena_names_.size(); ++i)
    if (program_.arena_locals[i].first == name) return arena_names_[i];
  internal_error("a size names an unknown symbol: " + std::string(name));
}

std::string Names::atom(const Dim::Atom& a) const {
  if (a.kind == Dim::Kind::symbol) return of_symbol(a.name);
  const std::string left = size(a.a), right = size(a.b);
  const auto natural = [&](const Dim& d) { return program_.symbols->bounds(d).lower >= 0; };
  const bool plain = natural(a.a) && program_.symbols->bounds(a.b).lower >= 1;
  switch (a.kind) {
    case Dim::Kind::div:
      return plain ? "((" + left + ") / (" + right + "))" : "div_size(" + left + ", " + right + ")";
    case Dim::Kind::mod:
      return plain ? "((" + left + ") % (" + right + "))" : "mod_size(" + left + ", " + right + ")";
    case Dim::Kind::min:
      return "min_size(" + left + ", " + right + ")";
    default:
      return "max_size(" + left + ", " + right + ")";
  }
}

std::string Names::size(const Dim& dim) const {
  if (dim.terms().empty()) return "0";
  std::string out;
  for (const Dim::Term& t : dim.terms()) {
    const bool negative = t.factor < 0;
    std::string term;
    const auto magnitude = std::to_string(negative ? -t.factor : t.factor);
    if (t.atoms.empty() || magnitude != "1") term = magnitude;
    for (const auto& a : t.atoms) term += (term.empty() ? "" : " * ") + atom(*a);
    if (out.empty()) out = negative ? "0 - " + term : term;
    else out += (negative ? " - " : " + ") + term;
  }
  return out;
}

std::string Names::locals(std::string_view prefix, std::string_view type, bool by_index) const {
  std::string out;
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const std::string from = by_index ? std::string(prefix) + "[" + std::to_string(i) + "]" : std::string(prefix) + "." + symbols[i];
    out += "[[maybe_unused]] const " + std::string(type) + " " + local_symbols_[i] + " = " + from + ";\n";
  }
  return out;
}

std::string Names::measured_locals(std::string_view from) const {
  std::string out;
  for (std::size_t i = 0; i < program_.measured.size(); ++i)
    out += "[[maybe_unused]] const std::size_t " + of_symbol(program_.measured[i]) + " = " + std::string(from) + "[" + std::to_string(i) + "];\n";
  return out;
}

std::string Names::stride_locals(std::string_view from) const {
  std::string out;
  for (std::size_t k = 0; k < program_.strides.size(); ++k)
    out += "[[maybe_unused]] const std::size_t " + of_symbol(program_.strides[k].symbol) + " = " + std::string(from) + "[" +
           std::to_string(symbols.size() + k) + "];\n";
  return out;
}

std::string Names::arena_locals(std::string_view type) const {
  std::string out;
  for (std::size_t i = 0; i < arena_names_.size(); ++i)
    out += "[[maybe_unused]] const " + std::string(type) + " " + arena_names_[i] + " = " + size(program_.arena_locals[i].second) + ";\n";
  return out;
}

std::string size_functions(std::string_view expressions) {
  struct Function {
    std::string_view name, text;
  };
  constexpr Function functions[] = {{"min_size", "return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b) ? a : b;"},
                                    {"max_size", "return static_cast<std::int64_t>(a) > static_cast<std::int64_t>(b) ? a : b;"},
                                    {"div_size",
                                     "return b == 0 ? 0 : static_cast<std::size_t>((static_cast<std::int64_t>(a) - static_cast<std::int64_t>(mod_size(a, b))) "
                                     "/ static_cast<std::int64_t>(b));"},
                                    {"mod_size",
                                     "if (b == 0) return 0;\n"
                                     "  const auto x = static_cast<std::int64_t>(a), y = static_cast<std::int64_t>(b), r = x % y;\n"
                                     "  return static_cast<std::size_t>(r != 0 && (r < 0) != (y < 0) ? r + y : r);"}};
  const bool divides = expressions.find("div_size(") != expressions.npos;
  std::string out;
  for (const std::size_t i : {0u, 1u, 3u, 2u}) {
    const auto& [name, text] = functions[i];
    if (expressions.find(std::string(name) + "(") == expressions.npos && !(divides && name == "mod_size")) continue;
    out += "constexpr std::size_t " + std::string(name) + "(std::size_t a, std::size_t b) noexcept {\n  " + std::string(text) + "\n}\n";
  }
  return out.empty() ? out
                     : "// Sizes are two's complement: an intermediate result may be negative. Division and remainder round down; by zero, which run() "
                       "refuses, they are zero.\n" +
                           out;
}

}  // namespace inferc
