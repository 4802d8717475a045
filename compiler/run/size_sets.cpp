#include "compiler/run/size_sets.hpp"

#include <algorithm>
#include <set>

namespace inferc {
namespace {

constexpr std::int64_t few = 7, many = 33;
constexpr std::size_t sizes_of_a_symbol = 6;

using Affordable = std::function<bool(const SymbolValues&)>;

std::vector<std::int64_t> sizes_of(std::int64_t lower, std::int64_t upper) {
  std::vector<std::int64_t> out;
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, few, (lower + upper) / 2, upper, lower})
    if (n >= lower && n <= upper && std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
  return out;
}

SymbolValues upper_bounds(const Signature& s) {
  SymbolValues out;
  for (const Symbol& symbol : s.symbols.all()) out[symbol.name] = symbol.bounds.upper == unbounded ? std::max(symbol.bounds.lower, many) : symbol.bounds.upper;
  return out;
}

// Halves the one that is farthest above its lower bound until the cost is affordable.
SymbolValues affordable_bounds(const Signature& s, SymbolValues upper, const Affordable& affordable) {
  const auto slack = [&](const auto& entry) { return entry.second - s.symbols.find(entry.first)->bounds.lower; };
  while (!affordable(upper)) {
    const auto widest = std::max_element(upper.begin(), upper.end(), [&](const auto& a, const auto& b) { return slack(a) < slack(b); });
    if (widest == upper.end() || slack(*widest) == 0) break;
    widest->second -= (slack(*widest) + 1) / 2;
  }
  return upper;
}

bool legal(const Signature& s, const SymbolValues& values) {
  const auto& all = s.symbols.equalities();
  return std::all_of(all.begin(), all.end(),
                     [&](const Symbols::Equality& e) { return s.symbols.has_measured(e) || evaluate(e.a, values) == evaluate(e.b, values); });
}

std::set<SymbolValues> combinations(const std::map<std::string, std::vector<std::int64_t>, std::less<>>& sizes, const SymbolValues& largest) {
  std::set<SymbolValues> out{largest};
  for (std::size_t k = 0; k < sizes_of_a_symbol; ++k) {
    SymbolValues values;
    for (const auto& [name, n] : sizes) values[name] = n[std::min(k, n.size() - 1)];
    out.insert(std::move(values));
  }
  for (const auto& [name, n] : sizes)
    for (const std::int64_t size : n) {
      SymbolValues values = largest;
      values[name] = size;
      out.insert(std::move(values));
    }
  return out;
}

}  // namespace

SizeSets size_sets(const Signature& s, const Affordable& affordable) {
  const SymbolValues declared = upper_bounds(s), largest = affordable_bounds(s, declared, affordable);
  SizeSets out;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> sizes;
  for (const auto& [name, upper] : largest) {
    sizes[name] = sizes_of(s.symbols.find(name)->bounds.lower, upper);
    if (upper < declared.at(name)) out.left_out[name] = declared.at(name);
  }
  const auto all = combinations(sizes, largest);
  std::copy_if(all.begin(), all.end(), std::back_inserter(out.tried), [&](const SymbolValues& v) { return legal(s, v); });
  return out;
}

}  // namespace inferc
