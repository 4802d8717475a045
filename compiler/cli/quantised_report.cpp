#include "compiler/cli/quantised_report.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace inferc::cli {

void count(Differences& d, const Tensor& ours, std::span<const float> want, std::optional<double> step) {
  if (ours.dtype() != DType::float32 || ours.size() != want.size()) return;
  const auto got = ours.as<float>();
  d.elements += want.size();
  for (std::size_t i = 0; i < want.size(); ++i) {
    if (got[i] == want[i] || (got[i] != got[i] && want[i] != want[i])) continue;
    ++d.differing;
    if (step) d.largest_step = std::max(d.largest_step, std::abs(static_cast<double>(got[i]) - static_cast<double>(want[i])) / *step);
  }
  const auto columns = ours.rank() < 2 ? std::size_t{1} : static_cast<std::size_t>(ours.shape().back());
  for (std::size_t r = 0; columns > 1 && r + columns <= want.size(); r += columns, ++d.rows) {
    const auto largest = [&](const float* row) { return std::max_element(row + r, row + r + columns) - (row + r); };
    d.flips += largest(got.data()) != largest(want.data()) ? 1 : 0;
  }
}

std::string class_text(const Exactness& e) {
  const std::string reason = e.reason.empty() ? "every value is an integer times a power of two" : e.reason;
  return fmt::format("quantised network of class {} (docs/quantised.md): {}", static_cast<char>(e.kind), reason);
}

std::string differences_text(const Differences& d, std::string_view what) {
  std::string out = fmt::format("{} of {} outputs differ from {}", d.differing, d.elements, what);
  if (d.differing > 0 && d.largest_step > 0) out += fmt::format(", by up to {:.3g} steps", d.largest_step);
  return d.rows > 0 ? out + fmt::format(", {} of {} argmaxes", d.flips, d.rows) : out;
}

nlohmann::ordered_json to_json(const Differences& d) {
  return {{"outputs", d.elements}, {"differing", d.differing}, {"largest_step", d.largest_step}, {"rows", d.rows}, {"argmax_flips", d.flips}};
}

}  // namespace inferc::cli
