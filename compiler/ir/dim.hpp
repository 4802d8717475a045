#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace inferc {

// A size: an integer, or an expression over named symbols in canonical form, so that equal polynomials compare equal.
// A sum of terms; a term is an integer times a product of atoms; an atom is a symbol or one of
// div (floor), mod (sign of the divisor), min, max of two Dims. Prints as `2*B*T + 1`.
class Dim {
 public:
  struct Atom;
  struct Term {
    std::int64_t factor;
    std::vector<std::shared_ptr<const Atom>> atoms;  // sorted by text, with repetition
  };
  enum class Kind : unsigned char { symbol, div, mod, min, max };

  Dim(std::int64_t value = 0);
  Dim(const Dim&);
  Dim(Dim&&) noexcept;
  Dim& operator=(const Dim&);
  Dim& operator=(Dim&&) noexcept;
  ~Dim();
  [[nodiscard]] static Dim symbol(std::string name);

  [[nodiscard]] bool is_constant() const { return terms_.empty() || (terms_.size() == 1 && terms_[0].atoms.empty()); }
  [[nodiscard]] std::optional<std::int64_t> constant() const;
  [[nodiscard]] bool is(std::int64_t value) const { return constant() == value; }
  // The name if this is one bare symbol, else empty.
  [[nodiscard]] std::string_view as_symbol() const;
  [[nodiscard]] const std::vector<Term>& terms() const { return terms_; }

  [[nodiscard]] std::string text() const;
  bool operator==(const Dim& other) const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim floor_div(const Dim& a, const Dim& b);
  friend Dim mod(const Dim& a, const Dim& b);
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);

 private:
  static Dim of(std::vector<Term> terms);
  static Dim atom(Kind kind, Dim a, Dim b);
  std::vector<Term> terms_;  // sorted by the atoms' text, the constant term last; no zero factors
};

Dim operator+(const Dim& a, const Dim& b);
Dim operator-(const Dim& a, const Dim& b);
Dim operator*(const Dim& a, const Dim& b);
[[nodiscard]] Dim floor_div(const Dim& a, const Dim& b);
// a / b rounded down.
[[nodiscard]] constexpr std::int64_t floor_quotient(std::int64_t a, std::int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }
[[nodiscard]] Dim mod(const Dim& a, const Dim& b);
[[nodiscard]] Dim min(const Dim& a, const Dim& b);
[[nodiscard]] Dim max(const Dim& a, const Dim& b);

struct Dim::Atom {
  Kind kind;
  std::string name;  // of a symbol
  Dim a, b;          // of div, mod, min, max
  std::string text;
};

[[nodiscard]] Dim ceil_div(const Dim& a, const Dim& b);
// Exact division: a / b if every term of a is divisible by b, else nothing.
[[nodiscard]] std::optional<Dim> divided(const Dim& a, const Dim& b);
[[nodiscard]] Dim product(const std::vector<Dim>& dims);

using SymbolValues = std::map<std::string, std::int64_t, std::less<>>;
// Value for given symbols; throws InternalError for an unknown symbol, UserError for a division by zero.
[[nodiscard]] std::int64_t evaluate(const Dim&, const SymbolValues&);
// Each symbol replaced by what `with` gives for it (nothing: it stays).
[[nodiscard]] Dim substitute(const Dim&, const std::function<std::optional<Dim>(std::string_view)>& with);
void collect_symbols(const Dim&, std::vector<std::string>& names);  // in order of first appearance, each once

// The inverse of Dim::text(). Throws UserError for anything else.
[[nodiscard]] Dim parse_dim(std::string_view text);

}  // namespace inferc
