#include "tests/support/same_results.hpp"

#include <cmath>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc::test {
namespace {

bool equal(const Tensor& a, const Tensor& b) {
  if (a.dtype() != DType::float32) return a.same(b);
  const auto x = a.as<float>(), y = b.as<float>();
  return a.shape() == b.shape() && std::equal(x.begin(), x.end(), y.begin());
}

std::unique_ptr<Graph> typed(const std::string& text, const std::vector<Tensor>& constants) {
  auto g = parse_graph(text, constants);
  Diagnostics problems;
  EXPECT_TRUE(infer_types(*g, problems)) << (problems.failed() ? problems.errors()[0].message : "");
  return g;
}

}  // namespace

std::unique_ptr<Graph> expect_same_results(bool (*pass)(Graph&), const std::string& text, const std::vector<Tensor>& constants,
                                           const std::vector<Tensor>& inputs, bool changes) {
  const auto before = typed(text, constants);
  auto after = typed(text, constants);
  EXPECT_EQ(pass(*after), changes) << inferc::text(*after);
  verify(*after);
  const std::vector<Tensor> e = evaluate_graph(*before, inputs), y = evaluate_graph(*after, inputs);
  EXPECT_EQ(e.size(), y.size());
  for (std::size_t k = 0; k < e.size(); ++k) EXPECT_TRUE(equal(e[k], y[k])) << "output " << k << "\n" << inferc::text(*after);
  return after;
}

Tensor near_steps(std::vector<std::int64_t> shape, unsigned seed) {
  Tensor t(DType::float32, std::move(shape));
  std::mt19937 random(seed);
  for (float& e : t.as<float>()) e = static_cast<float>(static_cast<int>(random() % 4097) - 2048) / 256.0f * (random() % 32 == 0 ? 1000.0f : 1.0f);
  return t;
}

Tensor on_grid(std::vector<std::int64_t> shape, int most, int fraction, unsigned seed) {
  Tensor t(DType::float32, std::move(shape));
  std::mt19937 random(seed);
  for (float& e : t.as<float>()) e = std::ldexp(static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(2 * most + 1)) - most), -fraction);
  return t;
}

}  // namespace inferc::test
