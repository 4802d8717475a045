#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;
const Tensor none;
const Tensor x = f32({1, 2}, {0, 4});

TEST(Resize, TakesTheNearestElement) {
  const Attributes floor{{"coordinate_transformation_mode", std::string("asymmetric")}, {"nearest_mode", std::string("floor")}};
  EXPECT_EQ(values<float>(run("Resize", {x, none, f32({2}, {1, 2})}, floor)), (Floats{0, 0, 4, 4}));
  EXPECT_EQ(values<std::int32_t>(run("Resize", {i32({2}, {1, 2}), none, none, i64({1}, {5})})), (std::vector<std::int32_t>{1, 1, 1, 2, 2}));
}

TEST(Resize, InterpolatesLinearlyInEachCoordinateMode) {
  const auto linear = [](const std::string& mode) {
    return values<float>(run("Resize", {x, none, none, i64({2}, {1, 4})}, {{"mode", std::string("linear")}, {"coordinate_transformation_mode", mode}}));
  };
  EXPECT_EQ(linear("half_pixel"), (Floats{0, 1, 3, 4}));
  EXPECT_EQ(linear("asymmetric"), (Floats{0, 2, 4, 4}));
  const Floats corners = linear("align_corners");
  EXPECT_FLOAT_EQ(corners[1], 4.0f / 3);
  EXPECT_EQ(corners[3], 4);
}

TEST(Resize, ResizesNamedAxesAndKeepsTheAspect) {
  const Tensor y = run("Resize", {f32({1, 2, 2}, {1, 2, 3, 4}), none, none, i64({2}, {4, 6})},
                       {{"axes", Integers{1, 2}}, {"keep_aspect_ratio_policy", std::string("not_larger")}});
  EXPECT_EQ(y.shape(), (Integers{1, 4, 4}));
  EXPECT_EQ(run("Resize", {f32({0, 2}, {}), none, f32({2}, {1, 2})}).shape(), (Integers{0, 4}));
}

// Every element that the stretched filter covers has a part: (4 * 7 + 8 * 7 + 12 * (5 + 3 + 1)) / 32.
TEST(Resize, StretchesTheFilterWhereItAntialiases) {
  const Tensor ramp = f32({4}, {0, 4, 8, 12}), single = f32({1}, {0.5F});
  const Attributes linear{{"mode", std::string("linear")}, {"antialias", std::int64_t{1}}};
  EXPECT_EQ(values<float>(run("Resize", {ramp, none, f32({1}, {0.25F})}, linear)), (Floats{6}));
  EXPECT_EQ(values<float>(run("Resize", {ramp, none, f32({1}, {2})}, linear)),
            values<float>(run("Resize", {ramp, none, f32({1}, {2})}, {{"mode", std::string("linear")}})));
  Attributes outside = linear;
  outside["coordinate_transformation_mode"] = std::string("tf_crop_and_resize");
  outside["extrapolation_value"] = 7.0F;
  EXPECT_EQ(values<float>(run("Resize", {ramp, f32({2}, {-9, -8}), single}, outside)), (Floats{7, 7}));
}

TEST(Resize, RefusesWhatItCannotDo) {
  EXPECT_NE(error("Resize", {x, none, f32({1}, {2})}).find("2 axes are resized"), std::string::npos);
  EXPECT_NE(error("Resize", {f32({0}, {}), none, none, i64({1}, {2})}).find("cannot be resized"), std::string::npos);
  EXPECT_NE(error("Resize", {x}).find("one of 'scales' and 'sizes'"), std::string::npos);
  EXPECT_NE(error("Resize", {x, none, f32({2}, {1, 2})}, {{"mode", std::string("area")}}).find("mode 'area'"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
