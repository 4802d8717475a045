#include "compiler/ops/fused_map.hpp"

#include <gtest/gtest.h>

namespace inferc {
namespace {

const Dim n = Dim::symbol("n");

Operand operand(Shape shape, std::vector<Dim> strides) { return {{0}, DType::float32, 0, std::move(shape), std::move(strides)}; }

TEST(Collapse, DenseOperandsBecomeOneDim) {
  const Shape shape{n, Dim(5), Dim(1), Dim(20)};
  const auto out = collapse({operand(shape, dense_strides(shape)), operand(shape, dense_strides(shape))});
  EXPECT_EQ(out[0].shape, Shape{n * Dim(100)});
  EXPECT_EQ(out[1].strides, std::vector<Dim>{Dim(1)});
}

TEST(Collapse, ABroadcastKeepsItsDimApart) {
  const Shape shape{n, Dim(5), Dim(20)};
  const auto out = collapse({operand(shape, dense_strides(shape)), operand(shape, {Dim(20), Dim(0), Dim(1)}), operand(shape, {Dim(0), Dim(0), Dim(0)})});
  EXPECT_EQ(out[0].shape, shape);
  EXPECT_EQ(out[2].strides, (std::vector<Dim>{Dim(0), Dim(0), Dim(0)}));
}

TEST(Collapse, TheContiguousDimComesLast) {
  const Shape shape{Dim(30), n};
  const auto out = collapse({operand(shape, {Dim(1), Dim(30)}), operand(shape, {Dim(1), Dim(30)}), operand(shape, {Dim(0), Dim(1)})});
  EXPECT_EQ(out[0].shape, (Shape{n, Dim(30)}));
  EXPECT_EQ(out[2].strides, (std::vector<Dim>{Dim(1), Dim(0)}));
}

TEST(Collapse, AScalarIsOneElement) {
  const auto out = collapse({operand({}, {}), operand({}, {})});
  EXPECT_EQ(out[0].shape, Shape{Dim(1)});
}

}  // namespace
}  // namespace inferc
