#include "compiler/ir/dim.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

using Term = Dim::Term;
using AtomRef = std::shared_ptr<const Dim::Atom>;

std::string atoms_text(const Term& t) {
  std::string out;
  for (const AtomRef& a : t.atoms) out += (out.empty() ? "" : "*") + a->text;
  return out;
}

bool same_atoms(const Term& a, const Term& b) {
  return std::equal(a.atoms.begin(), a.atoms.end(), b.atoms.begin(), b.atoms.end(),
                    [](const AtomRef& x, const AtomRef& y) { return x == y || x->text == y->text; });
}

bool atoms_before(const Term& a, const Term& b) {
  if (a.atoms.empty() || b.atoms.empty()) return !a.atoms.empty() && b.atoms.empty();
  return std::lexicographical_compare(a.atoms.begin(), a.atoms.end(), b.atoms.begin(), b.atoms.end(),
                                      [](const AtomRef& x, const AtomRef& y) { return x->text < y->text; });
}

// A size expression that leaves 64 bits has no use: the model is refused.
std::int64_t checked_mul(std::int64_t a, std::int64_t b) {
  std::int64_t r;
  if (__builtin_mul_overflow(a, b, &r)) throw UserError("a dimension exceeds 2^63");
  return r;
}
std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t r;
  if (__builtin_add_overflow(a, b, &r)) throw UserError("a dimension exceeds 2^63");
  return r;
}

// t / d if d's atoms are among t's and its factor divides.
std::optional<Term> quotient(const Term& t, const Term& d) {
  if (d.factor == 0 || t.factor % d.factor != 0) return std::nullopt;
  Term out{t.factor / d.factor, t.atoms};
  for (const AtomRef& a : d.atoms) {
    const auto at = std::find_if(out.atoms.begin(), out.atoms.end(), [&](const AtomRef& x) { return x->text == a->text; });
    if (at == out.atoms.end()) return std::nullopt;
    out.atoms.erase(at);
  }
  return out;
}

}  // namespace

Dim::Dim(const Dim&) = default;
Dim::Dim(Dim&&) noexcept = default;
Dim& Dim::operator=(const Dim&) = default;
Dim& Dim::operator=(Dim&&) noexcept = default;
Dim::~Dim() = default;

Dim::Dim(std::int64_t value) {
  if (value != 0) terms_.push_back({value, {}});
}

Dim Dim::of(std::vector<Term> terms) {
  std::stable_sort(terms.begin(), terms.end(), atoms_before);
  Dim out;
  for (Term& t : terms) {
    if (!out.terms_.empty() && same_atoms(out.terms_.back(), t)) out.terms_.back().factor = checked_add(out.terms_.back().factor, t.factor);
    else out.terms_.push_back(std::move(t));
  }
  std::erase_if(out.terms_, [](const Term& t) { return t.factor == 0; });
  return out;
}

Dim Dim::atom(Kind kind, Dim a, Dim b) {
  constexpr std::string_view names[] = {"", "div", "mod", "min", "max"};
  std::string text = fmt::format("{}({}, {})", names[static_cast<int>(kind)], a.text(), b.text());
  return of({{1, {std::make_shared<const Atom>(Atom{kind, {}, std::move(a), std::move(b), std::move(text)})}}});
}

Dim Dim::symbol(std::string name) {
  std::string text = name;
  return of({{1, {std::make_shared<const Atom>(Atom{Kind::symbol, std::move(name), {}, {}, std::move(text)})}}});
}

std::optional<std::int64_t> Dim::constant() const {
  if (terms_.empty()) return 0;
  return is_constant() ? std::optional(terms_[0].factor) : std::nullopt;
}

std::string_view Dim::as_symbol() const {
  const bool bare = terms_.size() == 1 && terms_[0].factor == 1 && terms_[0].atoms.size() == 1 && terms_[0].atoms[0]->kind == Kind::symbol;
  return bare ? std::string_view(terms_[0].atoms[0]->name) : std::string_view();
}

std::string Dim::text() const {
  if (terms_.empty()) return "0";
  std::string out;
  for (const Term& t : terms_) {
    const std::string atoms = atoms_text(t);
    const bool negative = t.factor < 0;
    if (!out.empty()) out += negative ? " - " : " + ";
    if (out.empty() && negative) out += '-';
    const auto magnitude = negative ? 0 - static_cast<std::uint64_t>(t.factor) : static_cast<std::uint64_t>(t.factor);
    if (atoms.empty()) out += std::to_string(magnitude);
    else out += (magnitude == 1 ? "" : std::to_string(magnitude) + "*") + atoms;
  }
  return out;
}

bool Dim::operator==(const Dim& other) const {
  return std::equal(terms_.begin(), terms_.end(), other.terms_.begin(), other.terms_.end(),
                    [](const Term& a, const Term& b) { return a.factor == b.factor && same_atoms(a, b); });
}

Dim operator+(const Dim& a, const Dim& b) {
  std::vector<Term> terms = a.terms_;
  terms.insert(terms.end(), b.terms_.begin(), b.terms_.end());
  return Dim::of(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) { return a + Dim(-1) * b; }

Dim operator*(const Dim& a, const Dim& b) {
  std::vector<Term> terms;
  for (const Term& x : a.terms_)
    for (const Term& y : b.terms_) {
      Term t{checked_mul(x.factor, y.factor), x.atoms};
      t.atoms.insert(t.atoms.end(), y.atoms.begin(), y.atoms.end());
      std::sort(t.atoms.begin(), t.atoms.end(), [](const AtomRef& p, const AtomRef& q) { return p->text < q->text; });
      terms.push_back(std::move(t));
    }
  return Dim::of(std::move(terms));
}

std::optional<Dim> divided(const Dim& a, const Dim& b) {
  if (a.terms().empty()) return Dim(0);
  if (a == b) return Dim(1);
  if (b.terms().size() != 1) return std::nullopt;
  Dim out(0);
  for (const Term& t : a.terms()) {
    const auto q = quotient(t, b.terms()[0]);
    if (!q) return std::nullopt;
    Dim term(q->factor);
    for (const AtomRef& atom : q->atoms) {
      Dim factor = atom->kind == Dim::Kind::symbol ? Dim::symbol(atom->name) : parse_dim(atom->text);
      term = term * factor;
    }
    out = out + term;
  }
  return out;
}

Dim floor_div(const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant() && !b.is(0)) return floor_quotient(*a.constant(), *b.constant());
  if (const auto exact = divided(a, b); exact && !b.is(0)) return *exact;
  if (!b.is_constant() || b.is(0)) return Dim::atom(Dim::Kind::div, a, b);
  // (b*x + r) div b = x + r div b
  Dim whole(0), rest(0);
  for (const Term& t : a.terms_) {
    const Dim term = Dim::of({t});
    const auto q = divided(term, b);
    (q ? whole : rest) = (q ? whole : rest) + (q ? *q : term);
  }
  const std::int64_t c = rest.terms_.empty() || !rest.terms_.back().atoms.empty() ? 0 : rest.terms_.back().factor;
  const std::int64_t carry = floor_quotient(c, *b.constant());
  whole = whole + Dim(carry);
  rest = rest - Dim(checked_mul(carry, *b.constant()));
  if (rest.is_constant()) return whole + Dim(floor_quotient(*rest.constant(), *b.constant()));
  return whole + Dim::atom(Dim::Kind::div, rest, b);
}

Dim mod(const Dim& a, const Dim& b) {
  if (a.is_constant() && b.is_constant() && !b.is(0)) return *a.constant() - floor_quotient(*a.constant(), *b.constant()) * *b.constant();
  if (!b.is(0) && divided(a, b)) return Dim(0);
  return Dim::atom(Dim::Kind::mod, a, b);
}

Dim min(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_constant()) return *difference.constant() <= 0 ? a : b;
  return b.text() < a.text() ? Dim::atom(Dim::Kind::min, b, a) : Dim::atom(Dim::Kind::min, a, b);
}

Dim max(const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_constant()) return *difference.constant() >= 0 ? a : b;
  return b.text() < a.text() ? Dim::atom(Dim::Kind::max, b, a) : Dim::atom(Dim::Kind::max, a, b);
}

Dim ceil_div(const Dim& a, const Dim& b) { return floor_div(a + b - Dim(1), b); }

Dim product(const std::vector<Dim>& dims) {
  Dim out(1);
  for (const Dim& d : dims) out = out * d;
  return out;
}

std::int64_t evaluate(const Dim& dim, const SymbolValues& values) {
  const Dim result = substitute(dim, [&](std::string_view name) -> std::optional<Dim> {
    const auto at = values.find(name);
    return at == values.end() ? std::nullopt : std::optional<Dim>(at->second);
  });
  if (result.is_constant()) return *result.constant();
  std::vector<std::string> unknown;
  collect_symbols(result, unknown);
  if (!unknown.empty()) internal_error(fmt::format("dimension {} has no value: {}", dim.text(), result.text()));
  throw UserError(fmt::format("the size {} divides by zero here", dim.text()));
}

Dim substitute(const Dim& dim, const std::function<std::optional<Dim>(std::string_view)>& with) {
  if (dim.is_constant()) return dim;
  Dim out(0);
  for (const Term& t : dim.terms()) {
    Dim term(t.factor);
    for (const AtomRef& atom : t.atoms) {
      if (atom->kind == Dim::Kind::symbol) {
        term = term * with(atom->name).value_or(Dim::symbol(atom->name));
        continue;
      }
      const Dim a = substitute(atom->a, with), b = substitute(atom->b, with);
      switch (atom->kind) {
        case Dim::Kind::div:
          term = term * floor_div(a, b);
          break;
        case Dim::Kind::mod:
          term = term * mod(a, b);
          break;
        case Dim::Kind::min:
          term = term * min(a, b);
          break;
        default:
          term = term * max(a, b);
          break;
      }
    }
    out = out + term;
  }
  return out;
}

void collect_symbols(const Dim& dim, std::vector<std::string>& names) {
  for (const Term& t : dim.terms())
    for (const AtomRef& atom : t.atoms) {
      if (atom->kind != Dim::Kind::symbol) {
        collect_symbols(atom->a, names);
        collect_symbols(atom->b, names);
      } else if (std::find(names.begin(), names.end(), atom->name) == names.end()) {
        names.push_back(atom->name);
      }
    }
}

namespace {

// sum := ['-'] term (('+' | '-') term)*;  term := factor ('*' factor)*;
// factor := integer | symbol | function '(' sum ',' sum ')'
class DimParser {
 public:
  explicit DimParser(std::string_view text) : rest_(text), whole_(text) {}
  Dim parse() {
    const Dim out = sum();
    if (!rest_.empty()) fail();
    return out;
  }

 private:
  [[noreturn]] void fail() const { throw UserError(fmt::format("'{}' is no dimension", escape(whole_))); }
  void blanks() {
    while (!rest_.empty() && rest_[0] == ' ') rest_.remove_prefix(1);
  }
  bool take(char c) {
    blanks();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    blanks();
    return true;
  }
  Dim sum() {
    if (++depth_ > 64) fail();
    Dim out = take('-') ? Dim(-1) * term() : term();
    for (;;) {
      if (take('+')) out = out + term();
      else if (take('-')) out = out - term();
      else break;
    }
    --depth_;
    return out;
  }
  Dim term() {
    Dim out = factor();
    while (take('*')) out = out * factor();
    return out;
  }
  Dim factor() {
    blanks();
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error == std::errc() && rest_[0] != '-') {
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      return value;
    }
    std::size_t n = 0;
    while (n < rest_.size() && std::string_view("+-*(), ").find(rest_[n]) == std::string_view::npos) ++n;
    if (n == 0) fail();
    const std::string name(rest_.substr(0, n));
    rest_.remove_prefix(n);
    return rest_.empty() || rest_[0] != '(' ? Dim::symbol(name) : call(name);
  }
  Dim call(const std::string& function) {
    if (!take('(')) fail();
    const Dim a = sum();
    if (!take(',')) fail();
    const Dim b = sum();
    if (!take(')')) fail();
    if (function == "div") return floor_div(a, b);
    if (function == "mod") return mod(a, b);
    if (function == "min") return min(a, b);
    if (function == "max") return max(a, b);
    fail();
  }
  std::string_view rest_, whole_;
  int depth_ = 0;
};

}  // namespace

Dim parse_dim(std::string_view text) { return DimParser(text).parse(); }

}  // namespace inferc
