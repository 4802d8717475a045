#include <algorithm>

#include "tests/support/op_table.hpp"

// Elementwise operators, their exceptional values (NaN, infinities, -0, denormals, integer limits) among the elements.
namespace inferc::test {
namespace {

constexpr Real least_denormal = 0x1p-149L;

std::vector<Real> special(DType t) {
  if (t == DType::boolean) return {0, 1};
  if (is_real(t))
    return {not_a_number, infinity, -infinity, 0, -0.0L, least_denormal, -least_denormal,   highest(t), lowest(t), 1, -1, 0.5L, -0.5L, 1.5L,
            -1.5L,        2.5L,     -2.5L,     3, -3,    0x1p-30L,       rounded(t, 1e-40L)};
  return {lowest(t), lowest(t) + 1, highest(t), highest(t) - 1, 0, 1, 2, is_signed(t) ? -1.0L : 3.0L};
}

std::vector<Array> operands(DType t, double low, double high) {
  std::vector<Array> out;
  unsigned seed = 1;
  for (const Integers& shape : std::vector<Integers>{{}, {0}, {1}, {3}, {17}, {33}, {65}, {3, 0, 2}, {2, 3, 5}, {1, 129, 1}})
    out.push_back(random(t, shape, seed++, low, high));
  const std::vector<Real> extremes = special(t);
  out.push_back(Array(t, {static_cast<std::int64_t>(extremes.size())}, extremes));
  return out;
}

std::vector<DType> declared(const char* op, std::size_t input = 0) { return types_in(find_op(op)->inputs[input].types); }

template <class F>
Array mapped(const Array& x, DType to, F f) {
  Array y(to, x.shape);
  std::transform(x.values.begin(), x.values.end(), y.values.begin(), f);
  return y;
}

// Real functions: rule B.
void function(Cases& cases, const char* op, Real (*f)(Real), double low = -4, double high = 4) {
  for (const DType t : declared(op))
    for (const Array& x : operands(t, low, high)) cases.push_back({{x}, {}, {elementwise(mapped(x, t, f))}});
}
void activation(Cases& cases, const char* op, const Attributes& attributes, const std::function<Real(Real)>& f) {
  for (const DType t : declared(op))
    for (const Array& x : operands(t, -6, 6)) cases.push_back({{x}, attributes, {elementwise(mapped(x, t, f))}});
}
// Integers wrap; floating point gives the value rounded once.
void exactly(Cases& cases, const char* op, Real (*f)(Real)) {
  for (const DType t : declared(op))
    for (const Array& x : operands(t, -100, 100))
      cases.push_back({{x}, {}, {exact(mapped(x, t, [&](Real v) { return is_real(t) ? rounded(t, f(v)) : wrapped(t, static_cast<Wide>(f(v))); }))}});
}
void predicate(Cases& cases, const char* op, const Attributes& attributes, const std::function<bool(Real)>& f) {
  for (const DType t : declared(op))
    for (const Array& x : operands(t, -4, 4)) cases.push_back({{x}, attributes, {exact(mapped(x, DType::boolean, f))}});
}

// --- two operands
std::vector<std::pair<Integers, Integers>> pairs() {
  return {{{}, {}},
          {{7}, {}},
          {{}, {3}},
          {{1}, {17}},
          {{0}, {1}},
          {{33}, {33}},
          {{3, 1, 5}, {4, 1}},
          {{2, 65}, {65}},
          {{65, 2}, {65, 1}},
          {{0, 3}, {3}},
          {{2, 1, 3, 1}, {5, 1, 7}}};
}

template <class F>
Array combined(const Array& a, const Array& b, DType to, F f) {
  Array y(to, broadcast_shape(a.shape, b.shape));
  for_each(y.shape, [&](const Index& i) { y.at(i) = f(broadcast_at(a, i), broadcast_at(b, i)); });
  return y;
}

// Every special value with every other, and random operands of shapes that broadcast.
std::vector<std::pair<Array, Array>> operand_pairs(DType t, DType second) {
  std::vector<std::pair<Array, Array>> out;
  unsigned seed = 100;
  for (const auto& [a, b] : pairs()) {
    out.emplace_back(random(t, a, seed, -20, 20), random(second, b, seed + 1, -20, 20));
    seed += 2;
  }
  std::vector<Real> x = special(t), y = special(second);
  std::erase_if(x, [](Real v) { return v == 0 && std::signbit(v); });
  std::erase_if(y, [](Real v) { return v == 0 && std::signbit(v); });
  out.emplace_back(Array(t, {static_cast<std::int64_t>(x.size()), 1}, x), Array(second, {static_cast<std::int64_t>(y.size())}, y));
  return out;
}

template <class F>
void binary(Cases& cases, const char* op, F f, const Attributes& attributes = {}, bool boolean = false) {
  for (const DType t : declared(op))
    for (const auto& [a, b] : operand_pairs(t, t))
      cases.push_back(
          {{a, b}, attributes, {exact(combined(a, b, boolean ? DType::boolean : t, [&](Real x, Real y) { return static_cast<Real>(f(t, x, y)); }))}});
}

// In the arithmetic of the element type: floats round once, integers wrap.
template <class F, class I>
void arithmetic(Cases& cases, const char* op, F f, I on_integers) {
  binary(cases, op, [&](DType t, Real x, Real y) -> Real {
    if (t == DType::float32) return f(static_cast<float>(x), static_cast<float>(y));
    if (t == DType::float64) return f(static_cast<double>(x), static_cast<double>(y));
    return wrapped(t, on_integers(static_cast<Wide>(x), static_cast<Wide>(y)));
  });
}

Wide product(Wide a, Wide b) { return static_cast<Wide>(static_cast<UnsignedWide>(a) * static_cast<UnsignedWide>(b)); }
Wide floor_mod(Wide a, Wide b) {
  const Wide r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

// Integer quotients and remainders by divisors other than 0, and the fault by 0.
void division(Cases& cases, const char* op, Wide (*f)(Wide, Wide), const Attributes& attributes) {
  for (const DType t : declared(op)) {
    if (is_real(t)) continue;
    for (auto [a, b] : operand_pairs(t, t)) {
      for (Real& v : b.values)
        if (v == 0) v = 5;
      const Expected y = exact(combined(a, b, t, [&](Real x, Real d) { return wrapped(t, f(static_cast<Wide>(x), static_cast<Wide>(d))); }));
      cases.push_back({{a, b}, attributes, {y}});
      cases.push_back({{a, b}, attributes, {y}, {1}});
      if (b.values.empty() || y.value.values.empty()) continue;
      b.values.back() = 0;
      cases.push_back({{a, b}, attributes, {y}, {}, "division by zero"});
    }
  }
}

Real nan_or(Real a, Real b, Real otherwise) { return std::isnan(a) || std::isnan(b) ? not_a_number : otherwise; }
Real larger(Real a, Real b) { return nan_or(a, b, a > b ? a : b); }
Real smaller(Real a, Real b) { return nan_or(a, b, a < b ? a : b); }

void several(Cases& cases, const char* op, const std::function<Real(DType, Real, Real)>& f, bool mean = false) {
  for (const DType t : declared(op))
    for (const std::size_t n : {1U, 2U, 3U, 5U}) {
      const std::vector<Integers> shapes{{3, 1}, {7}, {}, {2, 3, 7}, {1, 7}};
      Case c;
      for (std::size_t k = 0; k < n; ++k) c.inputs.push_back(random(t, shapes[k], static_cast<unsigned>(k + n), -9, 9));
      Array y = c.inputs[0];
      for (std::size_t k = 1; k < n; ++k) y = combined(y, c.inputs[k], t, [&](Real a, Real b) { return f(t, a, b); });
      if (mean)
        for (Real& v : y.values) v /= static_cast<Real>(n);
      c.outputs = {mean ? sums(y, std::vector<Real>(y.values.size(), 9)) : exact(y)};
      cases.push_back(c);
    }
}

void clip(Cases& cases) {
  for (const DType t : declared("Clip"))
    for (const Array& x : operands(t, -20, 20))
      for (const auto& [low, high] : std::vector<std::pair<Real, Real>>{{1, 5}, {6, 2}, {not_a_number, 3}}) {
        if (!is_real(t) && std::isnan(low)) continue;
        const bool nan = std::isnan(low);
        const auto y = [&](bool with_low, bool with_high) {
          return exact(mapped(x, t, [&, low = low, high = high](Real v) {
            if (with_low) v = larger(v, low);
            return with_high ? smaller(v, high) : v;
          }));
        };
        const Array a = scalar(t, low), b = scalar(t, high);
        cases.push_back({{x, a, b}, {}, {y(true, true)}});
        if (nan) continue;
        cases.push_back({{x, filled(t, {1}, low), Array()}, {}, {y(true, false)}});
        cases.push_back({{x, Array(), b}, {}, {y(false, true)}});
        cases.push_back({{x}, {}, {exact(x)}});
      }
}

void where(Cases& cases) {
  unsigned seed = 7;
  for (const DType t : declared("Where", 1))
    for (const auto& [a, b] : pairs()) {
      const Array condition = random(DType::boolean, {a.empty() ? 1 : a[0], 1}, seed++), x = random(t, a, seed++), y = random(t, b, seed++);
      Integers shape = broadcast_shape(broadcast_shape(condition.shape, a), b);
      if (a.size() > 2 || (!a.empty() && a.size() < 2 && a[0] == 0)) continue;
      Array out(t, shape);
      for_each(shape, [&](const Index& i) { out.at(i) = broadcast_at(condition, i) != 0 ? broadcast_at(x, i) : broadcast_at(y, i); });
      cases.push_back({{condition, x, y}, {}, {exact(out)}});
    }
}

void power(Cases& cases) {
  for (const DType t : declared("Pow"))
    for (const DType e : declared("Pow", 1))
      for (const auto& [shape_x, shape_e] : pairs()) {
        Array x = random(t, shape_x, 3, is_real(t) ? 0.2 : -5, 5), y = random(e, shape_e, 4, 0, 4);
        if (is_real(t)) {
          cases.push_back({{x, y}, {}, {elementwise(combined(x, y, t, [](Real a, Real b) { return std::pow(a, b); }))}});
        } else if (!is_real(e)) {
          cases.push_back({{x, y}, {}, {exact(combined(x, y, t, [&](Real a, Real b) {
                             Wide p = 1;
                             for (int k = 0; k < static_cast<int>(b); ++k) p = product(p, static_cast<Wide>(a));
                             return wrapped(t, p);
                           }))}});
        } else {
          cases.push_back({{mapped(x, t, [](Real v) { return std::fabs(v); }), y}, {}, {exact(combined(x, y, t, [](Real a, Real b) {
                             return std::trunc(static_cast<Real>(std::pow(static_cast<double>(std::fabs(a)), static_cast<double>(b))));
                           }))}});
        }
      }
}

void shift(Cases& cases) {
  for (const char* direction : {"LEFT", "RIGHT"})
    binary(cases, "BitShift",
           [&](DType t, Real x, Real y) -> Real {
             if (y >= bits(t)) return 0;
             const auto v = static_cast<UnsignedWide>(x);
             return wrapped(t, static_cast<Wide>(direction[0] == 'L' ? v << static_cast<int>(y) : v >> static_cast<int>(y)));
           },
           {{"direction", std::string(direction)}});
}

Real relu(Real x) { return x < 0 ? 0 : x; }
Real sign(Real x) { return std::isnan(x) ? x : x > 0 ? 1 : x < 0 ? -1 : 0; }
Real sigmoid(Real x) { return 1 / (1 + std::exp(-x)); }
Real softplus(Real x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }
constexpr Real half_root = 0.707106781186547524400844362104849039L, root_2_by_pi = 0.797884560802865355879892119868763737L;

// Functions with a sum whose terms, of size `scale`, may cancel: rule C.
void cancelling(Cases& cases, const char* op, const Attributes& attributes, const std::function<Real(Real)>& f, const std::function<Real(Real)>& scale) {
  for (const DType t : declared(op))
    for (const Array& x : operands(t, -6, 6)) {
      std::vector<Real> scales;
      for (const Real v : x.values) scales.push_back(scale(v));
      cases.push_back({{x}, attributes, {sums(mapped(x, t, f), scales)}});
    }
}
// x / 2 (1 + g(x))
void gelu(Cases& cases, const Attributes& attributes, Real (*g)(Real)) {
  cancelling(cases, "Gelu", attributes, [=](Real v) { return v / 2 * (1 + g(v)); }, [=](Real v) { return std::fabs(v) / 2 * (1 + std::fabs(g(v))); });
}

// Attributes are floats.
Real f(float v) { return static_cast<Real>(v); }

const Rows functions({
    {"Exp", [](Cases& c) { function(c, "Exp", std::exp, -90, 90); }},
    {"Log", [](Cases& c) { function(c, "Log", std::log, 0, 1000); }},
    {"Sin", [](Cases& c) { function(c, "Sin", std::sin, -50, 50); }},
    {"Cos", [](Cases& c) { function(c, "Cos", std::cos, -50, 50); }},
    {"Tan", [](Cases& c) { function(c, "Tan", std::tan, -50, 50); }},
    {"Asin", [](Cases& c) { function(c, "Asin", std::asin, -1, 1); }},
    {"Acos", [](Cases& c) { function(c, "Acos", std::acos, -1, 1); }},
    {"Atan", [](Cases& c) { function(c, "Atan", std::atan, -9, 9); }},
    {"Sinh", [](Cases& c) { function(c, "Sinh", std::sinh, -9, 9); }},
    {"Cosh", [](Cases& c) { function(c, "Cosh", std::cosh, -9, 9); }},
    {"Tanh", [](Cases& c) { function(c, "Tanh", std::tanh, -9, 9); }},
    {"Asinh", [](Cases& c) { function(c, "Asinh", std::asinh, -99, 99); }},
    {"Acosh", [](Cases& c) { function(c, "Acosh", std::acosh, 1, 99); }},
    {"Atanh", [](Cases& c) { function(c, "Atanh", std::atanh, -1, 1); }},
    {"Erf", [](Cases& c) { function(c, "Erf", std::erf); }},
    {"Sigmoid", [](Cases& c) { function(c, "Sigmoid", sigmoid, -20, 20); }},
    {"Softplus", [](Cases& c) { function(c, "Softplus", softplus, -20, 20); }},
    {"Softsign", [](Cases& c) { function(c, "Softsign", [](Real x) { return x / (1 + std::fabs(x)); }); }},
    {"Mish", [](Cases& c) { function(c, "Mish", [](Real x) { return x * std::tanh(softplus(x)); }); }},
    {"HardSwish",
     [](Cases& c) {
       cancelling(
           c, "HardSwish", {}, [](Real x) { return std::isnan(x) ? x : x * std::fmin(1, std::fmax(0, (x + 3) / 6)); },
           [](Real x) { return std::fabs(x) * (std::fabs(x) / 6 + 0.5L); });
     }},
    {"Gelu",
     [](Cases& c) {
       gelu(c, {}, [](Real x) { return std::erf(x * half_root); });
       gelu(c, {{"approximate", std::string("tanh")}}, [](Real x) { return std::tanh(root_2_by_pi * (x + 0.044715L * x * x * x)); });
     }},
    {"Elu",
     [](Cases& c) {
       for (const float a : {1.0f, 0.3f})
         cancelling(
             c, "Elu", {{"alpha", a}}, [=](Real x) { return x < 0 ? f(a) * std::expm1(x) : x; }, [=](Real x) { return x < 0 ? f(a) * (1 + std::exp(x)) : x; });
     }},
    {"Selu",
     [](Cases& c) {
       activation(c, "Selu", {}, [](Real x) { return f(1.05070102214813232421875f) * (x < 0 ? f(1.67326319217681884765625f) * std::expm1(x) : x); });
       activation(c, "Selu", {{"alpha", 2.0f}, {"gamma", 3.0f}}, [](Real x) { return 3 * (x < 0 ? 2 * std::expm1(x) : x); });
     }},
    {"Celu",
     [](Cases& c) {
       for (const float a : {1.0f, 2.5f}) activation(c, "Celu", {{"alpha", a}}, [=](Real x) { return x < 0 ? f(a) * std::expm1(x / f(a)) : x; });
     }},
    {"Swish",
     [](Cases& c) {
       for (const float a : {1.0f, -0.5f}) activation(c, "Swish", {{"alpha", a}}, [=](Real x) { return x / (1 + std::exp(-f(a) * x)); });
     }},
    {"LeakyRelu",
     [](Cases& c) {
       for (const float a : {0.01f, 0.3f}) activation(c, "LeakyRelu", {{"alpha", a}}, [=](Real x) { return x < 0 ? f(a) * x : x; });
     }},
    {"ThresholdedRelu",
     [](Cases& c) {
       for (const float a : {1.0f, -2.0f}) activation(c, "ThresholdedRelu", {{"alpha", a}}, [=](Real x) { return std::isnan(x) || x > f(a) ? x : 0; });
     }},
    {"Shrink",
     [](Cases& c) {
       activation(c, "Shrink", {{"bias", 1.5f}, {"lambd", 0.75f}}, [](Real x) { return std::isnan(x) ? x : x < -0.75L ? x + 1.5L : x > 0.75L ? x - 1.5L : 0; });
       activation(c, "Shrink", {}, [](Real x) { return std::fabs(x) <= 0.5L ? 0 : x; });
     }},
    {"HardSigmoid",
     [](Cases& c) {
       for (const DType t : declared("HardSigmoid"))
         for (const auto& [a, b] : std::vector<std::pair<float, float>>{{0.2f, 0.5f}, {0.7f, -0.25f}})
           for (const Array& x : operands(t, -6, 6)) {
             const Array y = mapped(x, t, [a = a, b = b](Real v) { return std::isnan(v) ? v : std::fmin(1, std::fmax(0, f(a) * v + f(b))); });
             c.push_back({{x}, {{"alpha", a}, {"beta", b}}, {sums(y, std::vector<Real>(y.values.size(), 5))}});
           }
     }},
});

const Rows exact_functions({
    {"Abs", [](Cases& c) { exactly(c, "Abs", std::fabs); }},
    {"Neg", [](Cases& c) { exactly(c, "Neg", [](Real x) { return -x; }); }},
    {"Relu", [](Cases& c) { exactly(c, "Relu", relu); }},
    {"Sign", [](Cases& c) { exactly(c, "Sign", sign); }},
    {"Floor", [](Cases& c) { exactly(c, "Floor", std::floor); }},
    {"Ceil", [](Cases& c) { exactly(c, "Ceil", std::ceil); }},
    {"Round", [](Cases& c) { exactly(c, "Round", std::nearbyint); }},
    {"Sqrt",
     [](Cases& c) {
       for (const DType t : declared("Sqrt"))
         for (const Array& x : operands(t, 0, 100))
           c.push_back({{x}, {}, {exact(mapped(x, t, [&](Real v) -> Real {
                          return t == DType::float32 ? std::sqrt(static_cast<float>(v)) : std::sqrt(static_cast<double>(v));
                        }))}});
     }},
    {"Reciprocal",
     [](Cases& c) {
       for (const DType t : declared("Reciprocal"))
         for (const Array& x : operands(t, -9, 9))
           c.push_back(
               {{x}, {}, {exact(mapped(x, t, [&](Real v) -> Real { return t == DType::float32 ? 1 / static_cast<float>(v) : 1 / static_cast<double>(v); }))}});
     }},
    {"Identity",
     [](Cases& c) {
       for (const DType t : declared("Identity"))
         for (const Array& x : operands(t, -99, 99)) c.push_back({{x}, {}, {exact(x)}});
     }},
    {"Not", [](Cases& c) { predicate(c, "Not", {}, [](Real x) { return x == 0; }); }},
    {"IsNaN", [](Cases& c) { predicate(c, "IsNaN", {}, [](Real x) { return std::isnan(x); }); }},
    {"IsInf",
     [](Cases& c) {
       for (const std::int64_t positive : {0, 1})
         for (const std::int64_t negative : {0, 1})
           predicate(c, "IsInf", {{"detect_positive", positive}, {"detect_negative", negative}},
                     [=](Real x) { return std::isinf(x) && (x > 0 ? positive : negative) != 0; });
     }},
    {"BitwiseNot",
     [](Cases& c) {
       for (const DType t : declared("BitwiseNot"))
         for (const Array& x : operands(t, -100, 100))
           c.push_back({{x}, {}, {exact(mapped(x, t, [&](Real v) { return wrapped(t, -static_cast<Wide>(v) - 1); }))}});
     }},
});

const Rows two_operands({
    {"Add", [](Cases& c) { arithmetic(c, "Add", [](auto a, auto b) { return a + b; }, [](Wide a, Wide b) { return a + b; }); }},
    {"Sub", [](Cases& c) { arithmetic(c, "Sub", [](auto a, auto b) { return a - b; }, [](Wide a, Wide b) { return a - b; }); }},
    {"Mul", [](Cases& c) { arithmetic(c, "Mul", [](auto a, auto b) { return a * b; }, product); }},
    {"Div",
     [](Cases& c) {
       division(c, "Div", [](Wide a, Wide b) { return a / b; }, {});
       for (const DType t : {DType::float32, DType::float64})
         for (const auto& [a, b] : operand_pairs(t, t))
           c.push_back({{a, b}, {}, {exact(combined(a, b, t, [&](Real x, Real y) -> Real {
                          return t == DType::float32 ? static_cast<float>(x) / static_cast<float>(y) : static_cast<double>(x) / static_cast<double>(y);
                        }))}});
     }},
    {"Mod",
     [](Cases& c) {
       division(c, "Mod", floor_mod, {});
       division(c, "Mod", [](Wide a, Wide b) { return a % b; }, {{"fmod", number(1)}});
       for (const DType t : {DType::float32, DType::float64})
         for (const auto& [a, b] : operand_pairs(t, t))
           c.push_back({{a, b}, {{"fmod", number(1)}}, {exact(combined(a, b, t, [](Real x, Real y) { return std::fmod(x, y); }))}});
     }},
    {"Pow", power},
    {"PRelu",
     [](Cases& c) {
       for (const DType t : declared("PRelu"))
         for (const auto& [x, slope] : std::vector<std::pair<Integers, Integers>>{{{3}, {3}}, {{2, 3, 5}, {3, 1}}, {{17}, {}}, {{0, 2}, {2}}, {{2, 33}, {1}}}) {
           const Array a = random(t, x, 5, -20, 20), s = random(t, slope, 6, -20, 20);
           c.push_back({{a, s}, {}, {exact(combined(a, s, t, [&](Real v, Real k) {
                          if (v >= 0) return v;
                          return is_real(t) ? rounded(t, v * k) : wrapped(t, product(static_cast<Wide>(v), static_cast<Wide>(k)));
                        }))}});
         }
     }},
    {"Max",
     [](Cases& c) {
       binary(c, "Max", [](DType, Real a, Real b) { return larger(a, b); });
       several(c, "Max", [](DType, Real a, Real b) { return larger(a, b); });
     }},
    {"Min",
     [](Cases& c) {
       binary(c, "Min", [](DType, Real a, Real b) { return smaller(a, b); });
       several(c, "Min", [](DType, Real a, Real b) { return smaller(a, b); });
     }},
    {"Sum", [](Cases& c) { several(c, "Sum", [](DType t, Real a, Real b) { return rounded(t, a + b); }); }},
    {"Mean", [](Cases& c) { several(c, "Mean", [](DType, Real a, Real b) { return a + b; }, true); }},
    {"Clip", clip},
    {"Where", where},
    {"BitShift", shift},
    {"Equal", [](Cases& c) { binary(c, "Equal", [](DType, Real a, Real b) { return a == b; }, {}, true); }},
    {"Greater", [](Cases& c) { binary(c, "Greater", [](DType, Real a, Real b) { return a > b; }, {}, true); }},
    {"GreaterOrEqual", [](Cases& c) { binary(c, "GreaterOrEqual", [](DType, Real a, Real b) { return a >= b; }, {}, true); }},
    {"Less", [](Cases& c) { binary(c, "Less", [](DType, Real a, Real b) { return a < b; }, {}, true); }},
    {"LessOrEqual", [](Cases& c) { binary(c, "LessOrEqual", [](DType, Real a, Real b) { return a <= b; }, {}, true); }},
    {"And", [](Cases& c) { binary(c, "And", [](DType, Real a, Real b) { return a != 0 && b != 0; }, {}, true); }},
    {"Or", [](Cases& c) { binary(c, "Or", [](DType, Real a, Real b) { return a != 0 || b != 0; }, {}, true); }},
    {"Xor", [](Cases& c) { binary(c, "Xor", [](DType, Real a, Real b) { return (a != 0) != (b != 0); }, {}, true); }},
    {"BitwiseAnd", [](Cases& c) { arithmetic(c, "BitwiseAnd", [](auto a, auto) { return a; }, [](Wide a, Wide b) { return a & b; }); }},
    {"BitwiseOr", [](Cases& c) { arithmetic(c, "BitwiseOr", [](auto a, auto) { return a; }, [](Wide a, Wide b) { return a | b; }); }},
    {"BitwiseXor", [](Cases& c) { arithmetic(c, "BitwiseXor", [](auto a, auto) { return a; }, [](Wide a, Wide b) { return a ^ b; }); }},
});

// Conversions: truncation; what does not fit gives the lowest int64 or int32 on the way, of which the low bits are taken.
Real converted(DType from, DType to, Real v) {
  if (to == DType::boolean) return v != 0;
  if (is_real(to)) return rounded(to, v);
  if (!is_real(from)) return wrapped(to, static_cast<Wide>(v));
  const bool wide = bits(to) == 64 || to == DType::uint32;
  if (to == DType::uint64 && v >= 0x1p63L && v < 0x1p64L) return std::trunc(v);
  const DType way = wide ? DType::int64 : DType::int32;
  const bool fits = v > lowest(way) - 1 && v < highest(way) + 1 && !(v < lowest(way));
  if (to == DType::uint64 && v >= 0x1p63L) return 0;
  return wrapped(to, static_cast<Wide>(fits ? std::trunc(v) : lowest(way)));
}

void cast_pair(Cases& cases, DType from, DType to, bool like) {
  for (const Array& x : operands(from, -300, 300)) {
    Case c{{x}, {}, {exact(mapped(x, to, [&](Real v) { return converted(from, to, v); }))}};
    if (like) c.inputs.push_back(Array(to, {0}));
    else c.attributes["to"] = static_cast<std::int64_t>(to);
    cases.push_back(c);
  }
}

const Rows conversions({
    {"Cast",
     [](Cases& c) {
       for (const DType a : declared("Cast"))
         for (const DType b : declared("Cast")) cast_pair(c, a, b, false);
     }},
    {"CastLike",
     [](Cases& c) {
       for (const DType a : declared("CastLike"))
         for (const DType b : declared("CastLike")) cast_pair(c, a, b, true);
     }},
});

}  // namespace
}  // namespace inferc::test
