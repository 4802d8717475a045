#include <algorithm>
#include <cmath>

#include "compiler/passes/grid_rules.hpp"

namespace inferc::grid {
namespace {

// Constant operands broadcast together: their values element by element, and the axis where alone they vary.
class Parameters {
 public:
  Parameters(const View& v, std::vector<std::size_t> inputs) : v_(v), inputs_(std::move(inputs)) {
    const std::size_t rank = v.out().size();
    shape_.assign(rank, 1);
    for (const std::size_t i : inputs_) {
      const Tensor* t = v.constant(i);
      if (!t || t->dtype() != DType::float32 || t->size() == 0 || t->rank() > rank) return;
      for (std::size_t d = 0; d < t->rank(); ++d) shape_[rank - t->rank() + d] = std::max(shape_[rank - t->rank() + d], t->shape()[d]);
    }
    known_ = true;
  }
  [[nodiscard]] bool known() const { return known_; }
  [[nodiscard]] std::size_t count() const {
    std::size_t n = 1;
    for (const std::int64_t d : shape_) n *= static_cast<std::size_t>(d);
    return n;
  }
  // The one axis that is longer than one; SIZE_MAX: there are several.
  [[nodiscard]] std::optional<std::size_t> axis() const {
    std::optional<std::size_t> out;
    for (std::size_t d = 0; d < shape_.size(); ++d)
      if (shape_[d] > 1) out = out ? SIZE_MAX : d;
    return out;
  }
  // Element `e` of operand number `k` of those given.
  [[nodiscard]] double at(std::size_t k, std::size_t e) const {
    const Tensor& t = *v_.constant(inputs_[k]);
    std::size_t flat = 0, stride = 1;
    for (std::size_t d = shape_.size(), own = t.rank(); d-- > 0;) {
      const auto n = static_cast<std::size_t>(shape_[d]), index = e % n;
      e /= n;
      if (own == 0) continue;
      const auto mine = static_cast<std::size_t>(t.shape()[--own]);
      flat += (mine == 1 ? 0 : index) * stride;
      stride *= mine;
    }
    return static_cast<double>(t.as<float>()[flat]);
  }

 private:
  const View& v_;
  std::vector<std::size_t> inputs_;
  std::vector<std::int64_t> shape_;
  bool known_ = false;
};

// Entries by `at`, which gives nothing where an element is on no grid of a power of two.
template <class F>
std::optional<Grid> from(const Parameters& p, bool exact, F at) {
  Grid out{p.axis(), {}, {}, {}, exact};
  for (std::size_t e = 0; e < p.count(); ++e) {
    const auto own = at(e);
    if (!own) return std::nullopt;
    append(out, *own);
  }
  return p.axis() == SIZE_MAX ? whole(out) : out;
}

bool is_whole(double v) { return std::abs(v) < static_cast<double>(unbounded) && v == std::floor(v); }

// x, scale = 2^f, integers low <= high.
std::optional<Grid> quantize(const View& v) {
  const Parameters p(v, {1, 2, 3});
  if (!p.known()) return std::nullopt;
  return from(p, v.exact(), [&](std::size_t e) -> std::optional<Entry> {
    const auto fraction = power_of_two(p.at(0, e));
    const double low = p.at(1, e), high = p.at(2, e);
    if (!fraction || !is_whole(low) || !is_whole(high) || low > high) return std::nullopt;
    return Entry{*fraction, static_cast<std::int64_t>(low), static_cast<std::int64_t>(high)};
  });
}

// The range of an integer type, which is where a quantiser of ONNX saturates.
std::optional<Grid> quantize_linear(const View& v) {
  const DType t = v.node.out()->type->dtype;
  if (!is_integer(t)) return std::nullopt;
  const std::int64_t half = std::int64_t{1} << (bit_width(t) - 1);
  Grid out = single({0, is_signed(t) ? -half : 0, is_signed(t) ? half - 1 : 2 * half - 1});
  out.exact = v.exact();
  return out;
}

// Scales and zero points along an axis, as parameters of the result.
std::optional<std::size_t> granularity(const View& v) {
  const Shape& scale = v.shape(1);
  if (product(scale).is(1)) return std::nullopt;
  const auto rank = static_cast<std::int64_t>(v.out().size());
  return scale.size() == 1 ? static_cast<std::size_t>((v.node.attr_int("axis", 1) + rank) % rank) : SIZE_MAX;
}

// (x - zero) * 2^-f
std::optional<Grid> dequantize_linear(const View& v) {
  const Grid* x = v.in(0);
  const Tensor* scale = v.constant(1);
  const auto axis = granularity(v);
  if (!x || !scale || scale->dtype() != DType::float32 || axis == SIZE_MAX || (v.node.in(2) && !v.constant(2))) return std::nullopt;
  const auto zero = v.node.in(2) ? of_constant(*v.constant(2), axis ? std::optional<std::size_t>(0) : std::nullopt) : single({0, 0, 0});
  if (!zero) return std::nullopt;
  Grid steps{axis, {}, {}, {}};
  for (std::size_t k = 0; k < scale->size(); ++k) {
    const auto p = power_of_two(static_cast<double>(scale->as<float>()[k]));
    if (!p) return std::nullopt;
    append(steps, {-*p, zero->low[zero->axis ? k : 0], zero->high[zero->axis ? k : 0]});
  }
  return zip(axis && x->axis != axis ? whole(*x) : *x, steps, [](const Entry& q, const Entry& s) {
    const Entry centred = add({q.fraction, q.low, q.high}, negated({0, s.low, s.high}));
    return Entry{centred.fraction + s.fraction, centred.low, centred.high};
  });
}

}  // namespace

const Rules& quantiser_rules() {
  static const Rules rules = {{"DequantizeLinear", dequantize_linear}, {"QuantizeLinear", quantize_linear}, {"inferc.Quantize", quantize}};
  return rules;
}

}  // namespace inferc::grid
