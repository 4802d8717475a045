#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;
const Tensor x = f32({1, 1, 1, 2}, {2, 4});

Floats sample(const Floats& points, const Attributes& attributes) {
  Floats grid;
  for (const float p : points) grid.insert(grid.end(), {p, 0});
  return values<float>(run("GridSample", {x, f32({1, 1, static_cast<std::int64_t>(points.size()), 2}, grid)}, attributes));
}

TEST(GridSample, InterpolatesAndPads) {
  const std::int64_t corners = 1;
  EXPECT_EQ(sample({-1, 0, 1}, {{"align_corners", corners}}), (Floats{2, 3, 4}));
  EXPECT_EQ(sample({-1, 0, 1}, {}), (Floats{1, 3, 2}));
  EXPECT_EQ(sample({-1, 1}, {{"padding_mode", std::string("border")}}), (Floats{2, 4}));
  EXPECT_EQ(sample({-3, 3}, {{"align_corners", corners}, {"padding_mode", std::string("reflection")}}), (Floats{4, 2}));
  EXPECT_EQ(sample({-0.9f, 0.9f, 3}, {{"mode", std::string("nearest")}}), (Floats{2, 4, 0}));
}

TEST(GridSample, RefusesWrongShapesAndModes) {
  EXPECT_NE(error("GridSample", {x, f32({1, 1, 1, 3}, {0, 0, 0})}).find("sizes 3 and 2 differ"), std::string::npos);
  EXPECT_NE(error("GridSample", {x, f32({1, 1, 1, 2}, {0, 0})}, {{"mode", std::string("area")}}).find("mode 'area'"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
