#include "compiler/ir/symbols.hpp"

#include <algorithm>

namespace inferc {
namespace {

constexpr std::int64_t infinity = std::int64_t{1} << 62;

__extension__ typedef __int128 Wide;

std::int64_t clamp(Wide v) { return static_cast<std::int64_t>(std::clamp<Wide>(v, -static_cast<Wide>(infinity), infinity)); }

Bounds plus(Bounds a, Bounds b) { return {clamp(static_cast<Wide>(a.lower) + b.lower), clamp(static_cast<Wide>(a.upper) + b.upper)}; }

Bounds times(Bounds a, Bounds b) {
  const std::int64_t corners[] = {clamp(static_cast<Wide>(a.lower) * b.lower), clamp(static_cast<Wide>(a.lower) * b.upper),
                                  clamp(static_cast<Wide>(a.upper) * b.lower), clamp(static_cast<Wide>(a.upper) * b.upper)};
  return {*std::min_element(std::begin(corners), std::end(corners)), *std::max_element(std::begin(corners), std::end(corners))};
}

Bounds quotient(Bounds a, Bounds b) {
  if (b.lower <= 0) return a.lower >= 0 && b.lower >= 0 ? Bounds{0, a.upper} : Bounds{-infinity, infinity};
  const std::int64_t corners[] = {floor_quotient(a.lower, b.lower), floor_quotient(a.lower, b.upper), floor_quotient(a.upper, b.lower),
                                  floor_quotient(a.upper, b.upper)};
  return {*std::min_element(std::begin(corners), std::end(corners)), *std::max_element(std::begin(corners), std::end(corners))};
}

Bounds remainder(Bounds a, Bounds b) {
  if (b.lower <= 0) return {-infinity, infinity};
  const bool small = a.lower >= 0 && a.upper < b.lower;
  return small ? a : Bounds{0, b.upper - 1};
}

// The factors of the terms of a sum that is no larger for integers: a * a >= a, so p * a * a - q * a is at least
// (p - m) * a * a - (q - m) * a with m = min(p, q).
std::vector<std::int64_t> without_squares(const std::vector<Dim::Term>& terms) {
  std::vector<std::int64_t> out;
  for (const Dim::Term& t : terms) out.push_back(t.factor);
  for (std::size_t s = 0; s < terms.size(); ++s) {
    const auto& square = terms[s].atoms;
    if (square.size() != 2 || square[0]->text != square[1]->text || out[s] <= 0) continue;
    for (std::size_t l = 0; l < terms.size(); ++l) {
      if (terms[l].atoms.size() != 1 || terms[l].atoms[0]->text != square[0]->text || out[l] >= 0) continue;
      const std::int64_t both = std::min(out[s], -out[l]);
      out[s] -= both;
      out[l] += both;
    }
  }
  return out;
}

Bounds bounds_of(const Symbols& symbols, const Dim::Atom& atom) {
  if (atom.kind == Dim::Kind::symbol) {
    const Symbol* s = symbols.find(atom.name);
    return s ? s->bounds : Bounds{0, unbounded};
  }
  const Bounds a = symbols.bounds(atom.a), b = symbols.bounds(atom.b);
  switch (atom.kind) {
    case Dim::Kind::div:
      return quotient(a, b);
    case Dim::Kind::mod:
      return remainder(a, b);
    case Dim::Kind::min:
      return {std::min(a.lower, b.lower), std::min(a.upper, b.upper)};
    default:
      return {std::max(a.lower, b.lower), std::max(a.upper, b.upper)};
  }
}

}  // namespace

void Symbols::declare(std::string_view name, Bounds bounds) {
  if (!find(name)) all_.push_back({std::string(name), bounds, std::nullopt});
}

void Symbols::measure(std::string_view name, const Dim& limit) {
  const auto at = std::find_if(measured_.begin(), measured_.end(), [&](const Symbol& s) { return s.name == name; });
  std::vector<std::string> names;
  collect_symbols(limit, names);
  const bool in_order = std::none_of(at, measured_.end(), [&](const Symbol& s) { return std::find(names.begin(), names.end(), s.name) != names.end(); });
  const Dim alone = at_limits(limit);
  Symbol entry{std::string(name), {0, std::clamp<std::int64_t>(bounds(alone).upper, 0, unbounded)}, in_order ? limit : alone};
  if (at == measured_.end()) measured_.push_back(std::move(entry));
  else *at = std::move(entry);
}

void Symbols::set_bounds(std::string_view name, Bounds bounds) {
  for (Symbol& s : all_)
    if (s.name == name) s.bounds = bounds;
}

void Symbols::erase(std::string_view name) {
  std::erase_if(all_, [&](const Symbol& s) { return s.name == name; });
}

const Symbol* Symbols::find(std::string_view name) const {
  for (const auto* list : {&all_, &measured_})
    for (const Symbol& s : *list)
      if (s.name == name) return &s;
  return nullptr;
}

std::string Symbols::fresh(std::string_view stem) {
  std::string name(stem);
  for (int n = 1; find(name); ++n) name = std::string(stem) + "_" + std::to_string(n);
  return name;
}

void Symbols::require_equal(const Dim& a, const Dim& b, std::string reason) {
  for (const Equality& e : equalities_)
    if ((e.a == a && e.b == b) || (e.a == b && e.b == a)) return;
  equalities_.push_back({a, b, std::move(reason)});
}

Bounds Symbols::bounds(const Dim& dim) const {
  Bounds sum{0, 0};
  std::int64_t lower = 0;
  const std::vector<std::int64_t> reduced = without_squares(dim.terms());
  for (std::size_t k = 0; k < reduced.size(); ++k) {
    Bounds factor{1, 1};
    for (const auto& atom : dim.terms()[k].atoms) factor = times(factor, bounds_of(*this, *atom));
    const std::int64_t full = dim.terms()[k].factor;
    sum = plus(sum, times(factor, {full, full}));
    lower = clamp(static_cast<Wide>(lower) + times(factor, {reduced[k], reduced[k]}).lower);
  }
  return {std::max(sum.lower, lower), sum.upper};
}

std::optional<bool> Symbols::decide_equal(const Dim& a, const Dim& b) const {
  const Dim difference = a - b;
  if (difference.is_constant()) return difference.is(0);
  const Bounds range = bounds(difference);
  if (range.lower > 0 || range.upper < 0) return false;
  return std::nullopt;
}

bool Symbols::is_measured(std::string_view name) const {
  return std::any_of(measured_.begin(), measured_.end(), [&](const Symbol& s) { return s.name == name; });
}

bool Symbols::has_measured(const Dim& d) const {
  if (measured_.empty()) return false;
  std::vector<std::string> names;
  collect_symbols(d, names);
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return is_measured(n); });
}

namespace {

bool names_symbol(const Dim& d, const std::string& name) {
  std::vector<std::string> names;
  collect_symbols(d, names);
  return std::find(names.begin(), names.end(), name) != names.end();
}

// Sizes without one measured symbol on either side of a size that has it. Factors of a product are natural.
class Limits {
 public:
  Limits(const Symbols& symbols, const Symbol& measured) : symbols_(symbols), measured_(measured) {}
  Dim upper(const Dim& d) const { return bound(d, true); }

 private:
  Dim bound(const Dim& d, bool above) const {
    if (!names_symbol(d, measured_.name)) return d;
    Dim sum(0);
    for (const Dim::Term& t : d.terms()) {
      Dim term(t.factor);
      for (const auto& a : t.atoms) term = term * of(*a, above == (t.factor > 0));
      sum = sum + term;
    }
    return sum;
  }
  Dim of(const Dim::Atom& a, bool above) const {
    if (a.kind == Dim::Kind::symbol) return a.name != measured_.name ? Dim::symbol(a.name) : above ? *measured_.limit : Dim(0);
    const bool there = names_symbol(a.a, measured_.name) || names_symbol(a.b, measured_.name);
    switch (a.kind) {
      case Dim::Kind::min:
        return min(bound(a.a, above), bound(a.b, above));
      case Dim::Kind::max:
        return max(bound(a.a, above), bound(a.b, above));
      case Dim::Kind::div:
        if (!there || (a.b.is_constant() && symbols_.bounds(a.b).lower > 0)) return floor_div(bound(a.a, above), a.b);
        return above ? max(bound(a.a, true), Dim(0)) : Dim(0);
      default:
        if (!there) return mod(a.a, a.b);
        return above ? bound(a.b, true) : Dim(0);
    }
  }
  const Symbols& symbols_;
  const Symbol& measured_;
};

}  // namespace

// The last first: where sizes share one limit (b is at most n - a), a + b gives n, and b alone n.
Dim Symbols::at_limits(const Dim& size) const {
  Dim out = size;
  for (auto s = measured_.rbegin(); s != measured_.rend(); ++s) out = Limits(*this, *s).upper(out);
  return out;
}

SymbolValues Symbols::at_limits(SymbolValues values) const {
  for (const Symbol& s : measured_) {
    const Dim limit = at_limits(*s.limit);
    std::vector<std::string> names;
    collect_symbols(limit, names);
    if (std::all_of(names.begin(), names.end(), [&](const std::string& n) { return values.contains(n); })) values.emplace(s.name, evaluate(limit, values));
  }
  return values;
}

bool Symbols::all_bounded() const {
  return std::all_of(all_.begin(), all_.end(), [](const Symbol& s) { return s.bounds.upper < unbounded; });
}

}  // namespace inferc
