#include <cmath>

#include <gtest/gtest.h>

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

using Floats = std::vector<float>;

Tensor einsum(const std::string& equation, const std::vector<Tensor>& inputs) { return run("Einsum", inputs, {{"equation", equation}}); }
std::string einsum_error(const std::string& equation, const std::vector<Tensor>& inputs) { return error("Einsum", inputs, {{"equation", equation}}); }

const Tensor a = f32({2, 3}, {1, 2, 3, 4, 5, 6}), b = f32({3, 2}, {1, 0, 0, 1, 1, 1});

TEST(Einsum, TransposesSumsAndTakesDiagonals) {
  EXPECT_EQ(values<float>(einsum("ij->ji", {a})), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(values<float>(einsum("ij->i", {a})), (Floats{6, 15}));
  EXPECT_EQ(values<float>(einsum("ij->", {a})), Floats{21});
  EXPECT_EQ(values<float>(einsum("ii->i", {f32({2, 2}, {1, 2, 3, 4})})), (Floats{1, 4}));
  EXPECT_EQ(values<std::int64_t>(einsum("ii", {i64({2, 2}, {1, 2, 3, 4})})), Integers{5});
}

TEST(Einsum, MultipliesTwoAndMoreOperands) {
  EXPECT_EQ(values<float>(einsum("ij,jk->ik", {a, b})), (Floats{4, 5, 10, 11}));
  EXPECT_EQ(values<float>(einsum("ij, jk", {a, b})), (Floats{4, 5, 10, 11}));
  EXPECT_EQ(values<float>(einsum("i,j->ij", {f32({2}, {1, 2}), f32({2}, {3, 4})})), (Floats{3, 4, 6, 8}));
  EXPECT_EQ(values<float>(einsum("ij,jk,k->i", {a, b, f32({2}, {1, 10})})), (Floats{54, 120}));
}

TEST(Einsum, AgreesWithMatMulBitForBit) {
  Floats x(5 * 300), y(300 * 7);
  for (std::size_t k = 0; k < x.size(); ++k) x[k] = std::sin(static_cast<float>(k)) * (k % 7 == 0 ? 1e5f : 1.0f);
  for (std::size_t k = 0; k < y.size(); ++k) y[k] = std::cos(static_cast<float>(k));
  const Tensor p = f32({5, 300}, x), q = f32({300, 7}, y);
  EXPECT_EQ(values<float>(einsum("mk,kn->mn", {p, q})), values<float>(run("MatMul", {p, q})));
}

TEST(Einsum, BroadcastsTheEllipsis) {
  const Tensor y = einsum("...ij,...jk->...ik", {f32({2, 1, 2}, {1, 2, 3, 4}), f32({2, 1}, {1, 1})});
  EXPECT_EQ(y.shape(), (Integers{2, 1, 1}));
  EXPECT_EQ(values<float>(y), (Floats{3, 7}));
  EXPECT_EQ(values<float>(einsum("...i->...", {a})), (Floats{6, 15}));
}

TEST(Einsum, RefusesWrongEquations) {
  EXPECT_NE(einsum_error("ij,jk->iz", {a, b}).find("no input has"), std::string::npos);
  EXPECT_NE(einsum_error("ij", {a, b}).find("1 terms for 2 inputs"), std::string::npos);
  EXPECT_NE(einsum_error("ijk->i", {a}).find("does not fit rank 2"), std::string::npos);
  EXPECT_NE(einsum_error("i?->i", {a}).find("malformed"), std::string::npos);
  EXPECT_NE(einsum_error("ij,ij->ij", {a, b}).find("differ"), std::string::npos);
}

TEST(Det, EliminatesWithPivots) {
  EXPECT_EQ(values<float>(run("Det", {f32({2, 2, 2}, {0, 1, 2, 3, 1, 2, 2, 4})})), (Floats{-2, 0}));
  EXPECT_EQ(values<double>(run("Det", {f64({0, 0}, {})})), std::vector<double>{1});
  EXPECT_NE(error("Det", {a}).find("differ"), std::string::npos);
}

TEST(Attention, AveragesValuesByScores) {
  const Tensor q = f32({1, 1, 1, 2}, {0, 0}), k = f32({1, 1, 2, 2}, {1, 2, 3, 4}), v = f32({1, 1, 2, 1}, {2, 4});
  EXPECT_EQ(values<float>(run("Attention", {q, k, v})), Floats{3});
  EXPECT_EQ(values<float>(run("Attention", {q, k, v}, {{"is_causal", std::int64_t{1}}})), Floats{2});
  const Tensor mask = tensor<std::uint8_t>({1, 2}, {0, 1});
  Tensor boolean(DType::boolean, {1, 2});
  boolean.as<bool>()[1] = true;
  EXPECT_EQ(values<float>(run("Attention", {q, k, v, boolean})), Floats{4});
  EXPECT_NE(error("Attention", {q, k, v, mask}).find("uint8"), std::string::npos);
  EXPECT_NE(error("Attention", {q, f32({1, 1, 2, 1}, {1, 2}), v}).find("sizes 2 and 1 differ"), std::string::npos);
}

TEST(Attention, SharesKeysAmongHeadsAndKeepsThePast) {
  const Tensor none, q = f32({1, 2, 1, 1}, {0, 0}), k = f32({1, 1, 1, 1}, {1}), v = f32({1, 1, 1, 1}, {2});
  const auto y = run_all("Attention", {q, k, v, none, f32({1, 1, 1, 1}, {7}), f32({1, 1, 1, 1}, {4})}, {}, 3);
  EXPECT_EQ(values<float>(y[0]), (Floats{3, 3}));
  EXPECT_EQ(values<float>(y[1]), (Floats{7, 1}));
  EXPECT_EQ(values<float>(y[2]), (Floats{4, 2}));
}

TEST(RotaryEmbedding, RotatesPairs) {
  const Tensor x = f32({1, 1, 1, 4}, {1, 2, 3, 4}), cos = f32({2, 2}, {1, 1, 0, 0}), sin = f32({2, 2}, {0, 0, 1, 1});
  EXPECT_EQ(values<float>(run("RotaryEmbedding", {x, cos, sin, i64({1, 1}, {1})})), (Floats{-3, -4, 1, 2}));
  EXPECT_EQ(values<float>(run("RotaryEmbedding", {x, cos, sin, i64({1, 1}, {1})}, {{"interleaved", std::int64_t{1}}})), (Floats{-2, 1, -4, 3}));
  EXPECT_NE(error("RotaryEmbedding", {x, cos, sin, i64({1, 1}, {2})}).find("out of range"), std::string::npos);
}

}  // namespace
}  // namespace inferc::test
