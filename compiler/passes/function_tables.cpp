#include "compiler/passes/function_tables.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace inferc {
namespace {

using Columns = std::vector<FixedChain::Column>;

constexpr std::int64_t most_results = std::int64_t{1} << 22;

// Points of all columns, [points, columns] in the shape in which constants along `axis` of values of rank `rank` broadcast; of fewer points than
// another column has, the last one again.
class Points {
 public:
  Points(const Columns& columns, std::optional<std::size_t> axis, std::size_t rank) : columns_(columns), turned_(axis && *axis == 0 && rank > 1) {
    for (const auto& c : columns) count_ = std::max(count_, c.high - c.low + 1);
    shape_.assign(axis ? rank : 1, 1);
    if (axis) shape_[*axis] = std::ssize(columns);
    shape_[turned_ ? rank - 1 : 0] = count_;
  }
  [[nodiscard]] std::size_t at(std::int64_t point, std::size_t column) const {
    const auto p = static_cast<std::size_t>(point);
    return turned_ ? column * static_cast<std::size_t>(count_) + p : p * columns_.size() + column;
  }
  [[nodiscard]] Tensor values(DType type) const {
    Tensor out(type, shape_);
    for (std::size_t c = 0; c < columns_.size(); ++c)
      for (std::int64_t p = 0; p < count_; ++p) write(out, at(p, c), std::min(columns_[c].low + p, columns_[c].high), columns_[c].fraction);
    return out;
  }

 private:
  static void write(Tensor& out, std::size_t i, std::int64_t q, int fraction) {
    if (out.dtype() == DType::float32) out.as<float>()[i] = std::ldexp(static_cast<float>(q), -fraction);
    else by_storage(out.dtype(), [&]<class T>(std::type_identity<T>) { out.as<T>()[i] = static_cast<T>(q); });
  }
  const Columns& columns_;
  bool turned_;
  std::int64_t count_ = 0;
  std::vector<std::int64_t> shape_;
};

std::optional<std::int64_t> integer_at(const Tensor& t, std::size_t i, int fraction) {
  if (t.dtype() != DType::float32) {
    std::int64_t q = 0;
    by_storage(t.dtype(), [&]<class T>(std::type_identity<T>) { q = static_cast<std::int64_t>(t.as<T>()[i]); });
    return q;
  }
  const double q = std::ldexp(static_cast<double>(t.as<float>()[i]), fraction);
  if (!(std::abs(q) <= static_cast<double>(INT32_MAX)) || q != std::floor(q)) return std::nullopt;
  return static_cast<std::int64_t>(q);
}

// One column for each table: of all inputs alike where constants alone differ. Nothing where columns are no indices of the constants' axis.
std::optional<Columns> spread(const PointFunction& f, const Columns& columns, std::optional<std::size_t> axis) {
  if (!axis || columns.size() > 1) return !f.axis || f.axis == axis ? std::optional(columns) : std::nullopt;
  const auto n = f.source->type->shape[*axis].constant();
  return n && *n > 0 ? std::optional(Columns(static_cast<std::size_t>(*n), columns[0])) : std::nullopt;
}

std::int64_t points_of(const FixedChain::Column& c) { return c.high - c.low + 1; }

// The finest of all where the results are no columns of the tables' axis.
int fraction_of(const grid::Grid* results, std::optional<std::size_t> axis, std::size_t column, bool last) {
  if (!results) return 0;
  return results->axis && results->axis == axis && last ? results->fraction[column] : grid::whole(*results).fraction[0];
}

std::size_t stored_bytes(const FunctionTables& of) {
  std::size_t points = 0;
  std::int64_t low = 0, high = 0;
  std::set<std::vector<std::int64_t>> seen;
  for (const auto& t : of.tables) {
    if (seen.insert(t.entries).second) points += t.entries.size();
    const auto [least, most] = std::minmax_element(t.entries.begin(), t.entries.end());
    low = std::min(low, *least), high = std::max(high, *most);
  }
  return points * byte_size(FixedChain({{0, low, high}}, 0).stored_type());
}

}  // namespace

std::optional<FunctionTables> function_tables(const PointFunction& f, const Columns& columns, const grid::Grid* results) {
  const std::size_t rank = f.source->type->shape.size(), last = rank - 1;
  const std::optional<std::size_t> axis = columns.size() > 1 ? std::optional(last) : f.axis;
  const auto all = rank > 1 || !axis ? spread(f, columns, axis) : std::nullopt;
  if (!all) return std::nullopt;
  const Points points(*all, axis, rank);
  std::int64_t most = 0;
  for (const auto& c : *all) most = std::max(most, points_of(c));
  if (most > PointFunctions::most_points || most * std::ssize(*all) > most_results) return std::nullopt;
  const Tensor values = points.values(f.source->type->dtype);
  const auto found = values_of(f, values);
  if (!found) return std::nullopt;
  const std::vector<std::int64_t> near = near_boundaries(f, values, *found);
  FunctionTables out{axis, {}, {}};
  for (std::size_t c = 0; c < all->size(); ++c) {
    FunctionTables::Table table{(*all)[c].low, fraction_of(results, axis, c, axis && *axis == last), {}};
    for (std::int64_t p = 0; p < points_of((*all)[c]); ++p) {
      const auto q = integer_at(*found, points.at(p, c), table.fraction);
      if (!q) return std::nullopt;
      table.entries.push_back(*q);
      if (!std::binary_search(near.begin(), near.end(), static_cast<std::int64_t>(points.at(p, c)))) continue;
      out.near.integers.push_back(table.first + p);
      if (axis) out.near.columns.push_back(static_cast<std::int64_t>(c));
    }
    out.tables.push_back(std::move(table));
  }
  return out.tables.size() == 1 || stored_bytes(out) <= most_table_bytes ? std::optional(out) : std::nullopt;
}

PooledTables pooled_tables(const FunctionTables& of, DType type) {
  std::map<std::pair<std::vector<std::int64_t>, int>, std::int64_t> places;
  std::vector<std::pair<std::int64_t, int>> all;
  std::vector<std::int32_t> offset;
  for (const auto& t : of.tables) {
    const auto [at, fresh] = places.try_emplace({t.entries, type == DType::float32 ? t.fraction : 0}, std::ssize(all));
    for (std::size_t i = 0; i < t.entries.size() && fresh; ++i) all.emplace_back(t.entries[i], t.fraction);
    offset.push_back(static_cast<std::int32_t>(at->second - t.first));
  }
  if (std::all_of(offset.begin(), offset.end(), [&](std::int32_t o) { return o == offset[0]; })) offset.resize(1);
  Tensor entries(type, {std::ssize(all)});
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (type == DType::float32) entries.as<float>()[i] = static_cast<float>(std::ldexp(static_cast<double>(all[i].first), -all[i].second));
    else by_storage(type, [&]<class T>(std::type_identity<T>) { entries.as<T>()[i] = static_cast<T>(all[i].first); });
  }
  return {std::move(entries), tensor_of<std::int32_t>({std::ssize(offset)}, offset)};
}

}  // namespace inferc
