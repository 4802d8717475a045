#include "compiler/ir/symbols.hpp"

#include <algorithm>

namespace inferc {
namespace {

constexpr std::int64_t infinity = std::int64_t{1} << 62;

__extension__ typedef __int128 Wide;

std::int64_t clamp(Wide v) {
  return static_cast<std::int64_t>(std::clamp<Wide>(v, -static_cast<Wide>(infinity), infinity));
}

Bounds plus(Bounds a, Bounds b) {
  return {clamp(static_cast<Wide>(a.lower) + b.lower), clamp(static_cast<Wide>(a.upper) + b.upper)};
}

Bounds times(Bounds a, Bounds b) {
  const std::int64_t corners[] = {
      clamp(static_cast<Wide>(a.lower) * b.lower), clamp(static_cast<Wide>(a.lower) * b.upper),
      clamp(static_cast<Wide>(a.upper) * b.lower), clamp(static_cast<Wide>(a.upper) * b.upper)};
  return {*std::min_element(std::begin(corners), std::end(corners)),
          *std::max_element(std::begin(corners), std::end(corners))};
}

std::int64_t floor_quotient(std::int64_t a, std::int64_t b) {
  return a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0);
}

Bounds quotient(Bounds a, Bounds b) {
  if (b.lower <= 0) return a.lower >= 0 && b.lower >= 0 ? Bounds{0, a.upper} : Bounds{-infinity, infinity};
  const std::int64_t corners[] = {floor_quotient(a.lower, b.lower), floor_quotient(a.lower, b.upper),
                                  floor_quotient(a.upper, b.lower), floor_quotient(a.upper, b.upper)};
  return {*std::min_element(std::begin(corners), std::end(corners)),
          *std::max_element(std::begin(corners), std::end(corners))};
}

Bounds remainder(Bounds a, Bounds b) {
  if (b.lower <= 0) return {-infinity, infinity};
  const bool small = a.lower >= 0 && a.upper < b.lower;
  return small ? a : Bounds{0, b.upper - 1};
}

}  // namespace

void Symbols::declare(std::string_view name, Bounds bounds, bool measured) {
  if (!find(name)) all_.push_back({std::string(name), bounds, measured});
}

void Symbols::set_bounds(std::string_view name, Bounds bounds) {
  for (Symbol& s : all_)
    if (s.name == name) s.bounds = bounds;
}

void Symbols::erase(std::string_view name) {
  std::erase_if(all_, [&](const Symbol& s) { return s.name == name; });
}

const Symbol* Symbols::find(std::string_view name) const {
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const Symbol& s) { return s.name == name; });
  return at == all_.end() ? nullptr : &*at;
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
  for (const Dim::Term& t : dim.terms()) {
    Bounds term{t.factor, t.factor};
    for (const auto& atom : t.atoms) {
      Bounds value{-infinity, infinity};
      if (atom->kind == Dim::Kind::symbol) {
        const Symbol* s = find(atom->name);
        value = s ? s->bounds : Bounds{0, unbounded};
      } else {
        const Bounds a = bounds(atom->a), b = bounds(atom->b);
        if (atom->kind == Dim::Kind::div) value = quotient(a, b);
        if (atom->kind == Dim::Kind::mod) value = remainder(a, b);
        if (atom->kind == Dim::Kind::min) value = {std::min(a.lower, b.lower), std::min(a.upper, b.upper)};
        if (atom->kind == Dim::Kind::max) value = {std::max(a.lower, b.lower), std::max(a.upper, b.upper)};
      }
      term = times(term, value);
    }
    sum = plus(sum, term);
  }
  return sum;
}

std::optional<bool> Symbols::decide_equal(const Dim& a, const Dim& b) const {
  const Dim difference = a - b;
  if (difference.is_constant()) return difference.is(0);
  const Bounds range = bounds(difference);
  if (range.lower > 0 || range.upper < 0) return false;
  return std::nullopt;
}

bool Symbols::all_bounded() const {
  return std::all_of(all_.begin(), all_.end(), [](const Symbol& s) { return s.bounds.upper < unbounded; });
}

}  // namespace inferc
