#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/ir/graph.hpp"

// What is proved of the values of a quantised network: every element is an integer times a power of two, within bounds.
// Facts are about exact arithmetic on finite inputs (NaN aside); they follow from what nodes compute, not from who wrote them.
namespace inferc::grid {

struct Grid {                       // every element = integer * 2^-fraction, low <= integer <= high
  std::optional<std::size_t> axis;  // one entry per index of this axis; absent: one entry for the tensor
  std::vector<int> fraction;        // may be negative
  std::vector<std::int64_t> low, high;
  // Whether the type of the value computes it without rounding, and so what it is made of: every partial sum, in any order,
  // lies within low and high, which fit the mantissa. A quantiser of something that has no fact is exact by definition.
  bool exact = true;
  bool operator==(const Grid&) const = default;
};

// Elements of constants count as on a grid up to this fraction; of others, while fractions and bounds stay below these.
inline constexpr int finest_constant = 24, finest = 64;
inline constexpr std::int64_t unbounded = std::int64_t{1} << 53;

// Of a constant, one entry per index of `axis` if given: the smallest fraction that makes every element an integer.
[[nodiscard]] std::optional<Grid> of_constant(const Tensor& t, std::optional<std::size_t> axis = std::nullopt);

// Whether the operator may bring real numbers to a grid, and whether any in the graph may. Else facts are about integer inputs at
// most, and worth no pass.
[[nodiscard]] bool is_quantiser(const Node& n);
[[nodiscard]] bool has_quantiser(const Graph& graph);

// What keeps the results of a quantiser off any grid: "a step that is no power of two", "bounds that are no integers", "a step that comes at
// run time"; "" of quantisers with none of these, and of other nodes.
[[nodiscard]] std::string_view off_grid_reason(const Node& n);

// One entry for the whole tensor: the finest fraction, all bounds.
[[nodiscard]] Grid whole(const Grid& g);

// The exponent p of a positive 2^p, or nothing.
[[nodiscard]] std::optional<int> power_of_two(double v);

// "2^-7 [0, 127]"; of several entries the extremes: "2^-5..2^-7 [-12, 127] along 1".
[[nodiscard]] std::string text(const Grid& g);

// The facts of all values of a typed graph. Values inside regions have none, nor has what is added to the graph later.
class Facts {
 public:
  explicit Facts(const Graph& graph);
  [[nodiscard]] const Grid* of(const Value* v) const;  // of that graph; null: not provably on a grid

 private:
  std::map<std::uint32_t, std::optional<Grid>> facts_;  // by Value::id, which no later value of the graph takes
};

}  // namespace inferc::grid
