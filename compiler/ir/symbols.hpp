#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/dim.hpp"

namespace inferc {

// Inclusive bounds of a Dim; `unbounded` when no upper bound is known.
struct Bounds {
  std::int64_t lower = 0, upper = 0;
  bool operator==(const Bounds&) const = default;
};
inline constexpr std::int64_t unbounded = 2147483647;  // of a symbol without declared upper bound

struct Symbol {
  std::string name;
  Bounds bounds{0, unbounded};
  // Of a measured one (a data-dependent size that a Call sets at run time, no member of Dims): never exceeded, over symbols
  // that come before it.
  std::optional<Dim> limit;
};

// The symbols of a model with their bounds, in order of declaration, and the equalities between sizes that the graph
// forces but that could not be solved by substitution: checked at run time before anything is written, those of measured
// sizes once these are known.
class Symbols {
 public:
  void declare(std::string_view name, Bounds bounds = {0, unbounded});  // keeps an old entry
  void measure(std::string_view name, const Dim& limit);                // takes the new limit of an old entry
  void set_bounds(std::string_view name, Bounds bounds);
  void erase(std::string_view name);
  [[nodiscard]] const Symbol* find(std::string_view name) const;
  [[nodiscard]] const std::vector<Symbol>& all() const { return all_; }  // members of Dims
  [[nodiscard]] const std::vector<Symbol>& measured() const { return measured_; }
  [[nodiscard]] std::string fresh(std::string_view stem);  // a name not yet declared

  struct Equality {
    Dim a, b;
    std::string reason;  // node and operator that force it
  };
  void require_equal(const Dim& a, const Dim& b, std::string reason);
  [[nodiscard]] const std::vector<Equality>& equalities() const { return equalities_; }
  [[nodiscard]] std::vector<Equality>& equalities() { return equalities_; }

  [[nodiscard]] Bounds bounds(const Dim&) const;  // by interval arithmetic, saturating at +-2^62
  [[nodiscard]] bool provably_le(const Dim& a, const Dim& b) const { return bounds(b - a).lower >= 0; }
  [[nodiscard]] bool provably_equal(const Dim& a, const Dim& b) const { return a == b; }
  // Whether a == b (true), a != b (false) for all values of the symbols, or neither.
  [[nodiscard]] std::optional<bool> decide_equal(const Dim& a, const Dim& b) const;
  [[nodiscard]] bool all_bounded() const;
  [[nodiscard]] bool is_measured(std::string_view name) const;
  [[nodiscard]] bool has_measured(const Dim&) const;  // names a measured symbol
  [[nodiscard]] bool has_measured(const Equality& e) const { return has_measured(e.a) || has_measured(e.b); }
  // The least size without measured symbols that `size` is known not to exceed.
  [[nodiscard]] Dim at_limits(const Dim& size) const;
  // The values with those of the measured symbols' limits added.
  [[nodiscard]] SymbolValues at_limits(SymbolValues values) const;

 private:
  std::vector<Symbol> all_, measured_;
  std::vector<Equality> equalities_;
};

}  // namespace inferc
