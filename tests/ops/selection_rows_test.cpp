#include <algorithm>
#include <map>

#include "tests/support/op_table.hpp"

// Operators that choose elements: how many is found out by the call.
namespace inferc::test {
namespace {

std::vector<DType> declared(const char* op) { return types_in(find_op(op)->inputs[0].types); }
Attributes axis(std::int64_t a) { return {{"axis", number(a)}}; }

// The slices `chosen` of x along an axis.
Array slices(const Array& x, std::size_t axis, const Integers& chosen) {
  Integers shape = x.shape;
  shape[axis] = static_cast<std::int64_t>(chosen.size());
  Array y(x.dtype, shape);
  for_each(shape, [&](const Index& i) {
    Index from = i;
    from[axis] = chosen[static_cast<std::size_t>(i[axis])];
    y.at(i) = x.at(from);
  });
  return y;
}

Integers where(const Array& condition) {
  Integers out;
  for (std::size_t k = 0; k < condition.values.size(); ++k)
    if (condition.values[k] != 0) out.push_back(static_cast<std::int64_t>(k));
  return out;
}

Array flat(const Array& x) { return {x.dtype, {elements(x.shape)}, x.values}; }

void compress(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("Compress"))
    for (const Integers& s : std::vector<Integers>{{3}, {0}, {5, 2}, {2, 3, 4}, {17, 33}}) {
      const Array x = random(t, s, seed++);
      for (std::size_t d = 0; d < s.size(); ++d)
        for (const std::int64_t fewer : {0, 1}) {
          const Array condition = random(DType::boolean, {std::max<std::int64_t>(s[d] - fewer, 0)}, seed++);
          const auto from_end = static_cast<std::int64_t>(d) - x.rank();
          cases.push_back({{x, condition}, axis(fewer != 0 ? static_cast<std::int64_t>(d) : from_end), {exact(slices(x, d, where(condition)))}});
        }
      for (const std::int64_t size : {elements(s), std::min<std::int64_t>(elements(s), 4)}) {
        const Array condition = random(DType::boolean, {size}, seed++);
        cases.push_back({{x, condition}, {}, {exact(slices(flat(x), 0, where(condition)))}});
      }
    }
  const Array x = random(DType::float32, {2, 3}, seed);
  cases.push_back({{x, filled(DType::boolean, {3}, 1)}, axis(0), {}, {}, "out of range"});
  cases.push_back({{x, Array(DType::boolean, {3}, {1, 0, 0})}, axis(0), {exact(slices(x, 0, {0}))}});
}

// Which slices of [outer, axis, inner] are alike, and their order.
struct Groups {
  std::map<std::vector<Real>, Integers> members;
  Groups(const Array& x, std::size_t axis) {
    std::map<std::int64_t, std::vector<Real>> keys;
    for (std::int64_t k = 0; k < x.shape[axis]; ++k) keys[k];
    for_each(x.shape, [&](const Index& i) { keys[i[axis]].push_back(x.at(i)); });
    for (const auto& [k, key] : keys) members[key].push_back(k);
  }
  [[nodiscard]] std::vector<Integers> in_order(bool sorted) const {
    std::vector<Integers> out;
    for (const auto& [key, slices] : members) out.push_back(slices);
    if (!sorted) std::sort(out.begin(), out.end());
    return out;
  }
};

void unique_along(Cases& cases, const Array& given, std::optional<std::size_t> along, bool sorted) {
  const Array x = along ? given : flat(given);
  const std::size_t d = along.value_or(0);
  Integers first, count, inverse(static_cast<std::size_t>(x.shape[d]));
  for (const Integers& group : Groups(x, d).in_order(sorted)) {
    for (const std::int64_t k : group) inverse[static_cast<std::size_t>(k)] = static_cast<std::int64_t>(first.size());
    first.push_back(group[0]);
    count.push_back(static_cast<std::int64_t>(group.size()));
  }
  Attributes attributes{{"sorted", number(sorted ? 1 : 0)}};
  if (along) attributes["axis"] = number(static_cast<std::int64_t>(d) - (sorted ? 0 : x.rank()));
  cases.push_back({{given}, attributes, {exact(slices(x, d, first)), exact(integers(first)), exact(integers(inverse)), exact(integers(count))}});
}

void unique(Cases& cases) {
  unsigned seed = 1;
  for (const DType t : declared("Unique"))
    for (const Integers& s : std::vector<Integers>{{7}, {1}, {0}, {33}, {5, 2}, {2, 9, 3}, {4, 0}}) {
      Array x = random(t, s, seed++, 0, 2);
      for (Real& v : x.values) v = rounded(t, std::trunc(v));
      for (const bool sorted : {true, false}) {
        unique_along(cases, x, std::nullopt, sorted);
        for (std::size_t d = 0; d < s.size(); ++d) unique_along(cases, x, d, sorted);
      }
    }
}

// Intersection over union of boxes with corners (y0, x0, y1, x1) in any order, or (x, y, width, height) about the centre.
Real overlap(std::vector<Real> a, std::vector<Real> b, bool centre) {
  Real shared = 1, area_a = 1, area_b = 1;
  for (const std::size_t d : {0u, 1u}) {
    const auto range = [&](const std::vector<Real>& p) {
      return centre ? std::pair(p[d] - p[d + 2] / 2, p[d] + p[d + 2] / 2) : std::pair(std::min(p[d], p[d + 2]), std::max(p[d], p[d + 2]));
    };
    const auto [a0, a1] = range(a);
    const auto [b0, b1] = range(b);
    shared *= std::max<Real>(0, std::min(a1, b1) - std::max(a0, b0));
    area_a *= a1 - a0, area_b *= b1 - b0;
  }
  return shared > 0 ? shared / (area_a + area_b - shared) : 0;
}

void suppression(Cases& cases) {
  unsigned seed = 1;
  for (const auto& [batches, classes, n, most, limit, least] : std::vector<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t, Real, Real>>{
           {1, 1, 6, 3, 0.5L, -9}, {2, 3, 9, 4, 0.25L, 0}, {1, 2, 33, 50, 0.125L, 1}, {1, 1, 5, 0, 0.5L, 0}, {1, 1, 0, 3, 0.5L, 0}})
    for (const bool centre : {false, true}) {
      Array boxes = random(DType::float32, {batches, n, 4}, seed++, 0, 4), scores = random(DType::float32, {batches, classes, n}, seed++, -1, 3),
            y(DType::int64, {0, 3});
      for (std::int64_t b = 0; b < batches; ++b)
        for (std::int64_t c = 0; c < classes; ++c) {
          const auto box = [&](std::int64_t k) { return std::vector{boxes.at({b, k, 0}), boxes.at({b, k, 1}), boxes.at({b, k, 2}), boxes.at({b, k, 3})}; };
          Integers order, taken;
          for (std::int64_t k = 0; k < n; ++k)
            if (scores.at({b, c, k}) > least) order.push_back(k);
          std::stable_sort(order.begin(), order.end(), [&](std::int64_t i, std::int64_t j) { return scores.at({b, c, i}) > scores.at({b, c, j}); });
          for (const std::int64_t k : order)
            if (static_cast<std::int64_t>(taken.size()) < most &&
                std::all_of(taken.begin(), taken.end(), [&](std::int64_t j) { return overlap(box(j), box(k), centre) <= limit; })) {
              taken.push_back(k);
              y.values.insert(y.values.end(), {static_cast<Real>(b), static_cast<Real>(c), static_cast<Real>(k)});
              ++y.shape[0];
            }
        }
      cases.push_back({{boxes, scores, integers({most}), filled(DType::float32, {1}, limit), filled(DType::float32, {1}, least)},
                       {{"center_point_box", number(centre)}},
                       {exact(y)}});
    }
  const Array box(DType::float32, {1, 1, 4}, {0, 0, 1, 1}), score = filled(DType::float32, {1, 1, 1}, 1);
  cases.push_back({{box, score}, {}, {exact(Array(DType::int64, {0, 3}))}});
  cases.push_back({{box, score, integers({1})}, {}, {exact(Array(DType::int64, {1, 3}))}, {2}});
}

const Rows rows({{"Compress", compress}, {"Unique", unique}, {"NonMaxSuppression", suppression}});

}  // namespace
}  // namespace inferc::test
