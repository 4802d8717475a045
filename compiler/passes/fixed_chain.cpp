#include "compiler/passes/fixed_chain.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace inferc {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 62;
constexpr int finest = 64;

std::int64_t magnitude(const FixedChain::Column& c) { return std::max(std::abs(c.low), std::abs(c.high)); }

// v * 2^by, or nothing beyond 62 bits.
std::optional<std::int64_t> shifted(std::int64_t v, std::int64_t by) {
  if (v == 0) return 0;
  if (by < 0 || by > 62 || std::abs(v) > (most >> by)) return std::nullopt;
  return v * (std::int64_t{1} << by);
}

}  // namespace

std::optional<FixedColumns> fixed_columns(const Tensor& t, std::size_t columns) {
  if (t.dtype() != DType::float32 || (t.size() != 1 && (t.rank() == 0 || t.size() != columns || t.shape().back() != static_cast<std::int64_t>(columns))))
    return std::nullopt;
  FixedColumns out;
  for (std::size_t c = 0; c < columns; ++c) {
    const float v = t.as<float>()[t.size() == 1 ? 0 : c];
    if (!std::isfinite(v)) return std::nullopt;
    int exponent = 0;
    const auto mantissa = static_cast<std::int64_t>(std::ldexp(std::frexp(v, &exponent), 24));
    const int zeros = mantissa == 0 ? 0 : std::countr_zero(static_cast<std::uint64_t>(mantissa)), fraction = mantissa == 0 ? 0 : 24 - exponent - zeros;
    const auto integer = shifted(mantissa >> zeros, std::max(0, -fraction));
    if (!integer || fraction > finest) return std::nullopt;
    out.integer.push_back(*integer);
    out.fraction.push_back(std::max(0, fraction));
  }
  return out;
}

FixedChain::FixedChain(std::vector<Column> columns, std::int64_t peak) : columns_(std::move(columns)), peak_(peak) {}

bool FixedChain::note(std::int64_t m) {
  peak_ = std::max(peak_, m);
  return peak_ <= most;
}

void FixedChain::step(fixed::Step kind, fixed::Round mode, Numbers a, Numbers b) { stages_.push_back({kind, mode, std::move(a), std::move(b)}); }

// Adds `by` where the chain adds already, if only bounds come behind that: max(v, c) + b = max(v + b, c + b).
bool FixedChain::add_before(const Numbers& by) {
  std::size_t from = stages_.size();
  while (from > 0 && (stages_[from - 1].kind == fixed::Step::at_least || stages_[from - 1].kind == fixed::Step::at_most)) --from;
  if (from == 0 || stages_[from - 1].kind != fixed::Step::add) return false;
  for (std::size_t s = from - 1; s < stages_.size(); ++s)
    for (std::size_t c = 0; c < by.size(); ++c) stages_[s].a[c] += by[c];
  return true;
}

bool FixedChain::shift_left(const Numbers& by) {
  if (std::all_of(by.begin(), by.end(), [](std::int64_t d) { return d == 0; })) return true;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    Column& column = columns_[c];
    const auto low = shifted(column.low, by[c]), high = shifted(column.high, by[c]);
    if (!low || !high || by[c] > 62) return false;
    column = {column.fraction + static_cast<int>(by[c]), *low, *high};
    if (!note(magnitude(column))) return false;
  }
  step(fixed::Step::shift_left, {}, by);
  return true;
}

bool FixedChain::raise(const std::vector<int>& fraction) {
  Numbers by;
  for (std::size_t c = 0; c < columns_.size(); ++c) by.push_back(std::max(0, fraction[c] - columns_[c].fraction));
  return shift_left(by);
}

bool FixedChain::to_one_fraction() {
  int finest_of_all = columns_.empty() ? 0 : columns_[0].fraction;
  for (const Column& c : columns_) finest_of_all = std::max(finest_of_all, c.fraction);
  return raise(std::vector<int>(columns_.size(), finest_of_all));
}

bool FixedChain::has_one_fraction() const {
  return std::all_of(columns_.begin(), columns_.end(), [&](const Column& c) { return c.fraction == columns_[0].fraction; });
}

FixedChain::Numbers FixedChain::units(const FixedColumns& v) const {
  Numbers out;
  for (std::size_t c = 0; c < columns_.size(); ++c) out.push_back(shifted(v.integer[c], columns_[c].fraction - v.fraction[c]).value_or(most));
  return out;
}

bool FixedChain::add(const FixedColumns& v) {
  if (!raise(v.fraction)) return false;
  const Numbers by = units(v);
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (std::abs(by[c]) >= most) return false;
    columns_[c].low += by[c], columns_[c].high += by[c];
    if (!note(std::max(magnitude(columns_[c]), std::abs(by[c]))) || !note(peak_ + std::abs(by[c]))) return false;
  }
  const bool acts = std::any_of(by.begin(), by.end(), [](std::int64_t b) { return b != 0; });
  if (acts && !add_before(by)) step(fixed::Step::add, {}, by);
  return true;
}

bool FixedChain::relu() {
  const FixedColumns zero{Numbers(columns_.size(), 0), std::vector<int>(columns_.size(), 0)};
  return at_least(zero);
}

// Negative slopes and those that are no short multiple of a power of two are refused.
bool FixedChain::leaky_relu(float slope) {
  const auto s = fixed_columns(tensor_of<float>({}, std::span(&slope, 1)), 1);
  if (!s || slope < 0) return false;
  if (low() >= 0) return true;
  const std::int64_t factor = s->integer[0], shift = s->fraction[0];
  if (shift > 62) return false;
  for (Column& c : columns_) {
    const std::int64_t m = magnitude(c);
    if (m != 0 && (factor > most / m || !shifted(m, shift) || !note(std::max(m * factor, m << shift)))) return false;
    const auto one = [&](std::int64_t v) { return v < 0 ? v * factor : v * (std::int64_t{1} << shift); };
    c = {c.fraction + static_cast<int>(shift), one(c.low), one(c.high)};
  }
  step(fixed::Step::leaky, {}, Numbers(columns_.size(), factor), Numbers(columns_.size(), shift));
  return true;
}

bool FixedChain::at_least(const FixedColumns& v) {
  if (!raise(v.fraction)) return false;
  const Numbers bound = units(v);
  bool acts = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (!note(std::abs(bound[c]))) return false;
    acts = acts || columns_[c].low < bound[c];
    columns_[c].low = std::max(columns_[c].low, bound[c]), columns_[c].high = std::max(columns_[c].high, bound[c]);
  }
  if (acts && !stages_.empty() && stages_.back().kind == fixed::Step::at_least)
    for (std::size_t c = 0; c < bound.size(); ++c) stages_.back().a[c] = std::max(stages_.back().a[c], bound[c]);
  else if (acts) step(fixed::Step::at_least, {}, bound);
  return true;
}

bool FixedChain::at_most(const FixedColumns& v) {
  if (!raise(v.fraction)) return false;
  const Numbers bound = units(v);
  bool acts = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    if (!note(std::abs(bound[c]))) return false;
    acts = acts || columns_[c].high > bound[c];
    columns_[c].low = std::min(columns_[c].low, bound[c]), columns_[c].high = std::min(columns_[c].high, bound[c]);
  }
  if (acts) step(fixed::Step::at_most, {}, bound);
  return true;
}

bool FixedChain::scale(int exponent) {
  for (Column& c : columns_) {
    c.fraction -= exponent;
    if (std::abs(c.fraction) > finest) return false;
  }
  return true;
}

// (v 2^s + c) / 2^d towards -inf is v 2^(s-d) + c / 2^d where s >= d: nothing is rounded but c. `by` is d.
bool FixedChain::cancel_shift(const Numbers& by) {
  const std::size_t n = stages_.size();
  const bool adds = n > 1 && stages_[n - 1].kind == fixed::Step::add;
  if (n == 0 || stages_[n - 1 - adds].kind != fixed::Step::shift_left) return false;
  Stage& left = stages_[n - 1 - adds];
  for (std::size_t c = 0; c < by.size(); ++c)
    if (left.a[c] < by[c]) return false;
  bool more = false;
  for (std::size_t c = 0; c < by.size(); ++c) {
    left.a[c] -= by[c];
    if (adds) more |= (stages_[n - 1].a[c] >>= by[c]) != 0;
  }
  if (adds && !more) stages_.pop_back();
  return true;
}

// Bounds come behind the shift, where they are short numbers: rounding keeps the order.
void FixedChain::push_shift(const Numbers& by, fixed::Round mode) {
  std::size_t from = stages_.size();
  while (from > 0 && (stages_[from - 1].kind == fixed::Step::at_least || stages_[from - 1].kind == fixed::Step::at_most)) --from;
  std::vector<Stage> bounds(stages_.begin() + static_cast<std::ptrdiff_t>(from), stages_.end());
  stages_.resize(from);
  if (mode != fixed::Round::trn || !cancel_shift(by)) step(fixed::Step::shift_right, mode, by);
  for (Stage& b : bounds) {
    for (std::size_t c = 0; c < by.size(); ++c) b.a[c] = fixed::shift_right(mode, b.a[c], by[c]);
    stages_.push_back(std::move(b));
  }
}

// A last shift to the left is but another unit.
void FixedChain::end_without_shift() {
  if (stages_.empty() || stages_.back().kind != fixed::Step::shift_left) return;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::int64_t by = stages_.back().a[c];
    columns_[c] = {columns_[c].fraction - static_cast<int>(by), columns_[c].low >> by, columns_[c].high >> by};
  }
  stages_.pop_back();
}

// A shift is at least 1 where any column shifts: those that need none are shifted to the left before.
bool FixedChain::shift_to(const std::vector<int>& fraction, fixed::Round mode) {
  bool any = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) any = any || columns_[c].fraction > fraction[c];
  std::vector<int> before = fraction;
  if (any)
    for (int& f : before) ++f;
  if (!raise(before)) return false;
  if (!any) return true;
  Numbers by, half;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const std::int64_t d = columns_[c].fraction - fraction[c];
    if (d > 62 || !note(magnitude(columns_[c]) + (std::int64_t{1} << (d - 1)))) return false;
    by.push_back(d);
    half.push_back((std::int64_t{1} << (d - 1)) - (mode == fixed::Round::rnd_min_inf));
    if (d > 30 && !note(std::int64_t{1} << d)) return false;  // more than a lane of 32 bits can be shifted by
    columns_[c] = {fraction[c], fixed::shift_right(mode, columns_[c].low, d), fixed::shift_right(mode, columns_[c].high, d)};
  }
  // To nearest is a shift of what is half a unit more, and that can be added with what is added anyway.
  const bool nearest = mode == fixed::Round::rnd || mode == fixed::Round::rnd_min_inf;
  const std::int64_t more = peak_ + *std::max_element(half.begin(), half.end());
  const bool added = nearest && more <= (is_wide() ? most : INT32_MAX) && add_before(half);
  if (added) peak_ = more;
  push_shift(by, added ? fixed::Round::trn : mode);
  return true;
}

bool FixedChain::quantise(const Target& to) {
  if (!shift_to(to.fraction, to.mode)) return false;
  if (!to.wraps) return at_least({to.low, to.fraction}) && at_most({to.high, to.fraction});
  Numbers mask;
  bool acts = false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    mask.push_back(to.high[c] - to.low[c]);
    acts = acts || columns_[c].low < to.low[c] || columns_[c].high > to.high[c];
    if (!std::has_single_bit(static_cast<std::uint64_t>(mask[c]) + 1) || !note(magnitude(columns_[c]) + std::abs(to.low[c]))) return false;
  }
  if (!acts) return true;
  for (std::size_t c = 0; c < columns_.size(); ++c) columns_[c] = {to.fraction[c], to.low[c], to.high[c]};
  step(fixed::Step::wrap, {}, to.low, mask);
  return true;
}

// The order of two sums is that of their results.
bool FixedChain::rescale(const std::vector<float>& factor, const std::vector<float>& divisor) {
  Numbers a, b;
  if (is_wide()) return false;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const float f = factor[c], d = divisor[c];
    if (columns_[c].fraction != 0 || !(f > 0 && d > 0 && std::isfinite(f) && std::isfinite(d))) return false;
    a.push_back(std::bit_cast<std::int32_t>(f)), b.push_back(std::bit_cast<std::int32_t>(d));
    columns_[c] = {0, fixed::rescaled(columns_[c].low, f, d), fixed::rescaled(columns_[c].high, f, d)};
    if (!note(magnitude(columns_[c]))) return false;
  }
  step(fixed::Step::rescale, {}, std::move(a), std::move(b));
  return true;
}

std::int64_t FixedChain::low() const {
  std::int64_t out = columns_.empty() ? 0 : columns_[0].low;
  for (const Column& c : columns_) out = std::min(out, c.low);
  return out;
}
std::int64_t FixedChain::high() const {
  std::int64_t out = columns_.empty() ? 0 : columns_[0].high;
  for (const Column& c : columns_) out = std::max(out, c.high);
  return out;
}

DType FixedChain::stored_type() const {
  const std::int64_t l = low(), h = high();
  if (l >= 0 && h <= UINT8_MAX) return DType::uint8;
  if (l >= INT8_MIN && h <= INT8_MAX) return DType::int8;
  if (l >= INT16_MIN && h <= INT16_MAX) return DType::int16;
  if (l >= 0 && h <= UINT16_MAX) return DType::uint16;
  return l >= INT32_MIN && h <= INT32_MAX ? DType::int32 : DType::undefined;
}

// The steps as rows of numbers, and the rows of the table that they name.
struct FixedChain::Written {
  std::vector<std::int64_t> steps;
  std::vector<Numbers> rows;

  void operand(const Numbers& v, bool as_row) {
    if (v.empty() || (!as_row && std::all_of(v.begin(), v.end(), [&](std::int64_t e) { return e == v[0]; }))) {
      steps.insert(steps.end(), {0, v.empty() ? 0 : v[0]});
      return;
    }
    const std::int64_t row = std::find(rows.begin(), rows.end(), v) - rows.begin();
    if (row == std::ssize(rows)) rows.push_back(v);
    steps.insert(steps.end(), {1, row});
  }
};

FixedChain::Written FixedChain::written(bool begin_with_row) const {
  std::vector<Stage> all = stages_;
  if (begin_with_row && (all.empty() || all[0].kind != fixed::Step::add)) all.insert(all.begin(), {fixed::Step::add, {}, Numbers(columns_.size(), 0), {}});
  Written out;
  if (begin_with_row) out.rows.push_back(all[0].a);
  for (std::size_t s = 0; s < all.size(); ++s) {
    out.steps.insert(out.steps.end(), {static_cast<std::int64_t>(all[s].kind), static_cast<std::int64_t>(all[s].mode)});
    out.operand(all[s].a, begin_with_row && s == 0);
    out.operand(all[s].b, false);
  }
  return out;
}

Tensor FixedChain::table(bool begin_with_row) const {
  const std::vector<Numbers> rows = written(begin_with_row).rows;
  const std::size_t cols = rows.empty() ? 1 : columns_.size();
  Tensor out(DType::int64, {std::max<std::int64_t>(1, std::ssize(rows)), static_cast<std::int64_t>(cols)});
  for (std::size_t r = 0; r < rows.size(); ++r)
    std::copy(rows[r].begin(), rows[r].end(), out.as<std::int64_t>().begin() + static_cast<std::ptrdiff_t>(r * cols));
  return out;
}

Tensor FixedChain::steps(bool begin_with_row) const {
  const std::vector<std::int64_t> all = written(begin_with_row).steps;
  return tensor_of<std::int64_t>({std::ssize(all) / static_cast<std::int64_t>(fixed::step_numbers), static_cast<std::int64_t>(fixed::step_numbers)}, all);
}

}  // namespace inferc
