#include <gtest/gtest.h>

#include "compiler/call/call.hpp"

namespace inferc {
namespace {

Operand operand(Shape shape, std::vector<Dim> strides) { return {BufferId{}, DType::float32, Dim(0), std::move(shape), std::move(strides)}; }

TEST(ReshapeView, JoinsAxesThatFollowEachOther) {
  EXPECT_EQ(reshape_view(operand({2, 3, 4}, {24, 8, 2}), {6, 4})->strides, (std::vector<Dim>{8, 2}));
  EXPECT_FALSE(reshape_view(operand({2, 3, 4}, {24, 0, 1}), {6, 4}).has_value());
}

TEST(ReshapeView, OfNothingHasAnyShapeOfNothing) {
  const auto view = reshape_view(operand({8, 0, 3}, {3, 24, 1}), {0, 24});
  ASSERT_TRUE(view.has_value());
  EXPECT_EQ(view->shape, (Shape{0, 24}));
}

TEST(RowStride, IsThatOfRowsOneAfterTheOther) {
  EXPECT_EQ(row_stride(operand({2, 3, 4}, {24, 8, 1})), Dim(8));
  EXPECT_FALSE(row_stride(operand({2, 3, 4}, {12, 8, 1})).has_value());
}

TEST(RowStride, OfRowsBackwardsIsNone) {
  EXPECT_FALSE(row_stride(operand({3, 4}, {-4, 1})).has_value());
  EXPECT_FALSE(row_stride(operand({3, 4}, {Dim(-2) * Dim::symbol("n"), 1})).has_value());
}

}  // namespace
}  // namespace inferc
