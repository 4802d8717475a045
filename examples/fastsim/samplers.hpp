// The loops of diffusion and flow models around a network call. None allocates; every shower's numbers depend on its own alone.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace fastsim {

// A batch of showers: each is `size` numbers, the first at data, the next `stride` behind it.
struct Showers {
  float* data;
  std::size_t count, size, stride;
  [[nodiscard]] std::span<float> operator[](std::size_t s) const { return {data + s * stride, size}; }
};

// Noise levels of A. Nichol, P. Dhariwal, "Improved denoising diffusion probabilistic models" (2021), arXiv:2102.09672, section 3.2:
// the share of the signal after t of T steps is cos^2((t/T + 0.008) / 1.008 * pi/2) over its value at 0, no step removing more than 0.999.
class CosineSchedule {
 public:
  explicit CosineSchedule(std::size_t steps) : signal_(steps + 1, 1.0) {
    const auto level = [&](std::size_t t) { return std::pow(std::cos((static_cast<double>(t) / static_cast<double>(steps) + 0.008) / 1.008 * half_pi), 2); };
    for (std::size_t t = 1; t <= steps; ++t) signal_[t] = signal_[t - 1] * std::max(level(t) / level(t - 1), 0.001);
  }
  [[nodiscard]] std::size_t steps() const { return signal_.size() - 1; }
  [[nodiscard]] double signal(std::size_t t) const { return signal_[t]; }  // 1 for t = 0
  [[nodiscard]] float time(std::size_t t) const { return static_cast<float>(static_cast<double>(t) / static_cast<double>(steps())); }

 private:
  static constexpr double half_pi = 1.5707963267948966;
  std::vector<double> signal_;
};

// J. Ho, A. Jain, P. Abbeel, "Denoising diffusion probabilistic models" (2020), arXiv:2006.11239, algorithm 2, with the posterior's
// variance. predict(time): the noise in all showers, into `noise`; false stops. draw(step, shower, z): normal numbers.
template <class Predict, class Draw>
bool ddpm(const CosineSchedule& schedule, const Showers& x, const Showers& noise, std::span<float> z, Predict&& predict, Draw&& draw) {
  for (std::size_t t = schedule.steps(); t > 0; --t) {
    if (!predict(schedule.time(t))) return false;
    const double now = schedule.signal(t), next = schedule.signal(t - 1), alpha = now / next;
    const auto scale = static_cast<float>(1 / std::sqrt(alpha)), share = static_cast<float>((1 - alpha) / std::sqrt(1 - now));
    const auto spread = static_cast<float>(std::sqrt((1 - alpha) * (1 - next) / (1 - now)));
    for (std::size_t s = 0; s < x.count; ++s) {
      draw(t, s, z);
      const auto row = x[s], e = noise[s];
      for (std::size_t i = 0; i < x.size; ++i) row[i] = scale * (row[i] - share * e[i]) + spread * z[i];
    }
  }
  return true;
}

// J. Song, C. Meng, S. Ermon, "Denoising diffusion implicit models" (2021), arXiv:2010.02502, equation 12 with sigma = 0: no noise but
// the first, and `calls` of the schedule's steps.
template <class Predict>
bool ddim(const CosineSchedule& schedule, std::size_t calls, const Showers& x, const Showers& noise, Predict&& predict) {
  const auto step = [&](std::size_t k) { return k * schedule.steps() / calls; };
  for (std::size_t k = calls; k > 0; --k) {
    if (!predict(schedule.time(step(k)))) return false;
    const double now = schedule.signal(step(k)), next = schedule.signal(step(k - 1));
    const double ratio = std::sqrt(next / now);
    const auto scale = static_cast<float>(ratio), share = static_cast<float>(std::sqrt(1 - next) - ratio * std::sqrt(1 - now));
    for (std::size_t s = 0; s < x.count; ++s) {
      const auto row = x[s], e = noise[s];
      for (std::size_t i = 0; i < x.size; ++i) row[i] = scale * row[i] + share * e[i];
    }
  }
  return true;
}

// Heun's method for dx/dt = slope(t, x), between the given times (T. Karras et al., "Elucidating the design space of diffusion-based
// generative models" (2022), arXiv:2206.00364, algorithm 1): two calls a step, one where the step ends at `last`.
// slope(t): for all showers in x, into `slopes`. `first` and `start` hold the slopes and showers at the beginning of a step.
template <class Slope>
bool heun(std::span<const double> times, double last, const Showers& x, const Showers& slopes, const Showers& first, const Showers& start, Slope&& slope) {
  for (std::size_t k = 0; k + 1 < times.size(); ++k) {
    if (!slope(times[k])) return false;
    const auto step = static_cast<float>(times[k + 1] - times[k]);
    for (std::size_t s = 0; s < x.count; ++s) {
      std::copy_n(x[s].data(), x.size, start[s].data());
      std::copy_n(slopes[s].data(), x.size, first[s].data());
      for (std::size_t i = 0; i < x.size; ++i) x[s][i] = start[s][i] + step * first[s][i];
    }
    if (times[k + 1] == last) continue;
    if (!slope(times[k + 1])) return false;
    for (std::size_t s = 0; s < x.count; ++s)
      for (std::size_t i = 0; i < x.size; ++i) x[s][i] = start[s][i] + 0.5f * step * (first[s][i] + slopes[s][i]);
  }
  return true;
}

// Noise levels from `largest` to `least`, then 0: Karras et al., equation 5, rho = 7.
inline std::vector<double> karras_levels(std::size_t steps, double least, double largest) {
  std::vector<double> out;
  const double a = std::pow(largest, 1 / 7.0), b = std::pow(least, 1 / 7.0);
  for (std::size_t i = 0; i < steps; ++i) out.push_back(std::pow(a + static_cast<double>(i) / static_cast<double>(steps > 1 ? steps - 1 : 1) * (b - a), 7));
  out.push_back(0);
  return out;
}

}  // namespace fastsim
