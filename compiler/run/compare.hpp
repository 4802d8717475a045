#pragma once
#include <optional>
#include <span>
#include <string>

#include "compiler/ir/tensor.hpp"

namespace inferc {

// |got - expected| <= atol + rtol * |expected|; the default is the rule of the ONNX backend tests.
struct Tolerance {
  double rtol = 1e-3, atol = 1e-7;
};

struct Comparison {
  bool passed = false;
  std::string reason;             // why not: type, shape, or the worst element
  std::optional<double> max_abs;  // over elements finite in both
  std::optional<double> max_ulp;  // of floating-point types; infinite where one side only is a NaN
};

// Element types and shapes must be equal. Floating-point elements: NaN meets NaN, an infinity itself, others the
// tolerance; integers and bool must be equal.
[[nodiscard]] Comparison compare(const Tensor& got, const Tensor& expected, const Tolerance& tolerance = {});

// Output by output; the first failure names its output. Counts must be equal.
[[nodiscard]] Comparison compare_all(std::span<const Tensor> got, std::span<const Tensor> expected, const Tolerance& tolerance = {});

// CORRECTNESS section 3, rule D, for one output of a whole model: the error against a float64 run of the same graph is
// at most twice the peer's on the same input, or at most 4 eps max|y|, eps = 2^-(mantissa bits) of the output's type.
struct RuleD {
  bool passed = false;
  std::string reason;
  double error = 0;       // max |got - exact|
  double peer_error = 0;  // infinite without a peer
  double four_eps = 0;    // 4 eps max|exact|
  double allowed = 0;     // what `error` was compared with
};

// `exact` holds float64 (another floating-point type where the graph computes in it); `peer` may be null. Where exact is NaN or infinite, got must be so too.
// Integer outputs (exact of the same type) must be equal.
[[nodiscard]] RuleD check_rule_d(const Tensor& got, const Tensor& exact, const Tensor* peer);

// The rule for two inputs together: the largest error of each side over both. The errors of one input, often a few numbers,
// are a draw of luck; those of several can be compared.
[[nodiscard]] RuleD pooled(const RuleD& a, const RuleD& b);

}  // namespace inferc
