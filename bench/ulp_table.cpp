// The error of each one-argument float32 function over all 2^32 inputs, as rows of docs/numerics.md:
//   ulp_table [FUNCTION...]
// Columns: the largest error where the exact result is above 1e-6 in magnitude, and where; the largest where it is smaller but normal;
// inputs against rule B of docs/numerics.md (4 ULP above 1e-6, 2.5e-7 elsewhere); results that are not the nearest float. An error
// counts units in the last place of the float nearest to the exact result. One code path tells all: their bits are equal.
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "bench/ulp_reference.hpp"
#include "kernels/activations.hpp"
#include "kernels/functors.hpp"

namespace inferc::bench {
namespace {

constexpr std::size_t chunk = 4096;
constexpr double limit = 4, small = 1e-6, small_limit = 2.5e-7;

template <class F, class... P>
void every(const float* x, float* y, P... parameters) {
  for (std::size_t i = 0; i < chunk; i += static_cast<std::size_t>(lanes)) store(y + i, F::apply(load<Vec>(x + i), parameters...));
}

struct Function {
  const char* name;
  void (*run)(const float* x, float* y);
};

// Only such arguments are allowed.
struct at_most_zero {
  template <class V>
  static V apply(V x) {
    return functors::exp_of_nonpositive::apply(x > 0 ? V{} : x);
  }
};

// Rows in the order of the references. Parameters are the operators' defaults, or what tells the function apart.
#define ROW(f, ...) {#f, [](const float* x, float* y) { every<functors::f>(x, y __VA_OPT__(, ) __VA_ARGS__); }}
const Function functions[] = {ROW(exp),
                              {"exp_of_nonpositive", [](const float* x, float* y) { every<at_most_zero>(x, y); }},
                              ROW(log),
                              ROW(tanh),
                              ROW(erf),
                              ROW(sigmoid),
                              ROW(softplus),
                              ROW(gelu),
                              ROW(gelu_tanh),
                              ROW(elu, 1.0F),
                              ROW(selu, 1.67326319F, 1.05070102F),
                              ROW(celu, 1.5F),
                              ROW(swish, 1.0F),
                              ROW(mish),
                              ROW(hard_sigmoid, 0.2F, 0.5F),
                              ROW(hard_swish),
                              ROW(leaky_relu, 0.01F),
                              ROW(relu),
                              ROW(thresholded_relu, 1.0F),
                              ROW(shrink, 0.3F, 0.5F),
                              ROW(softsign),
                              ROW(atan),
                              ROW(sqrt),
                              ROW(reciprocal),
                              ROW(abs),
                              ROW(neg),
                              ROW(sign),
                              ROW(round),
                              ROW(floor),
                              ROW(ceil),
                              ROW(sin),
                              ROW(cos),
                              ROW(tan),
                              ROW(asin),
                              ROW(acos),
                              ROW(sinh),
                              ROW(cosh),
                              ROW(asinh),
                              ROW(acosh),
                              ROW(atanh)};
#undef ROW

// Infinity where one of both is no number, or infinite beyond the last half unit of the largest float.
double error(float y, double exact) {
  const auto rounded = static_cast<float>(exact);
  if (y == rounded || (std::isnan(y) && std::isnan(exact))) return 0;
  if (std::isnan(y) || std::isnan(exact)) return INFINITY;
  const float at = std::isinf(rounded) ? FLT_MAX : std::fabs(rounded);
  const float next = std::nextafterf(at, INFINITY);
  const double unit = std::isinf(next) ? 0x1p104 : static_cast<double>(next) - at;
  const double ours = std::isinf(y) ? std::copysign(0x1p128, y) : static_cast<double>(y);
  return std::fabs(ours - exact) / unit;
}

struct Total {
  double worst = 0, tail = 0;
  float at = 0;
  std::uint64_t inexact = 0, beyond = 0;
};

void judge(const float* x, const float* y, const double* exact, Total& total) {
  for (std::size_t i = 0; i < chunk; ++i) {
    if (y[i] == static_cast<float>(exact[i])) continue;
    const double e = error(y[i], exact[i]);
    const bool tail = std::fabs(exact[i]) <= small;
    total.inexact += e > 0;
    total.beyond += tail ? !(std::fabs(static_cast<double>(y[i]) - exact[i]) <= small_limit) : e > limit;
    if (tail && std::fabs(exact[i]) >= FLT_MIN) total.tail = std::fmax(total.tail, e);
    if (!tail && e > total.worst) total.worst = e, total.at = x[i];
  }
}

Total over_all_floats(const Function& f, const Reference& r) {
  alignas(64) static float x[chunk], y[chunk];
  static double exact[chunk];
  Total out;
  for (std::uint64_t first = 0; first < std::uint64_t{1} << 32; first += chunk) {
    for (std::size_t i = 0; i < chunk; ++i) {
      const auto bits = static_cast<std::uint32_t>(first + i);
      std::memcpy(&x[i], &bits, 4);
    }
    f.run(x, y);
    r.run(x, exact, chunk);
    judge(x, y, exact, out);
  }
  return out;
}

bool wanted(const char* name, int count, char** names) {
  bool any = count == 1;
  for (int i = 1; i < count; ++i) any = any || std::string_view(names[i]) == name;
  return any;
}

}  // namespace
}  // namespace inferc::bench

int main(int count, char** names) {
  using namespace inferc::bench;
  bool good = true;
  for (std::size_t k = 0; k < reference_count; ++k) {
    if (std::string_view(functions[k].name) != references[k].name) return std::puts("the tables differ"), 2;
    if (!wanted(functions[k].name, count, names)) continue;
    const Total t = over_all_floats(functions[k], references[k]);
    good = good && t.beyond == 0;
    std::printf("| %s | %.3f | %.9g | %.3g | %llu | %.3f %% |\n", functions[k].name, t.worst, static_cast<double>(t.at), t.tail,
                static_cast<unsigned long long>(t.beyond), 100 * static_cast<double>(t.inexact) / 0x1p32);
    std::fflush(stdout);
  }
  return good ? 0 : 1;
}
