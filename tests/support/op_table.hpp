#pragma once
#include <set>
#include <string>
#include <vector>

#include "compiler/ops/op.hpp"
#include "tests/support/array.hpp"

// The table of operator tests: for every operator of list.def the cases that cover its element types, attributes and
// edge shapes, with what its definition gives.
namespace inferc::test {

// An output by the definition. `allowed`, if given, is the largest difference element by element; else it is exact.
struct Expected {
  Array value;
  std::vector<Real> allowed{};
};

struct Case {
  std::vector<Array> inputs{};  // of undefined type: omitted
  Attributes attributes{};
  std::vector<Expected> outputs{};
  std::set<std::size_t> constants{};  // inputs that must be known when the model is compiled
  std::string fault{};                // or: what the run reports instead of outputs
};

using Cases = std::vector<Case>;

struct Row {
  std::string op;
  void (*add)(Cases& cases);
  std::string domain = "";
};
[[nodiscard]] std::vector<Row>& table();

// The rows of one file.
struct Rows {
  Rows(std::initializer_list<Row> rows) { table().insert(table().end(), rows); }
};

// Operators without cases, each with the test that covers it.
struct Covered {
  std::string op, domain, test;
};

[[nodiscard]] Cases cases_of(const Row& row);
// The cases in float32 with their operands rounded to float16 and to bfloat16: what float32 gives of them, rounded once.
[[nodiscard]] Cases half_cases(const Row& row);
// The outputs of an operator by the reference kernels; an operand of undefined type is omitted.
[[nodiscard]] std::vector<Tensor> evaluate(const Row& row, const std::vector<Tensor>& operands, const Attributes& attributes, std::size_t outputs);
[[nodiscard]] std::vector<Tensor> evaluate(const Row& row, const Case& c);
[[nodiscard]] std::vector<Tensor> operands_of(const Case& c);

// --- rules of comparison
[[nodiscard]] Expected exact(Array value);
// Rule B: float within 4 units in the last place where |y| > 1e-6, else 2.5e-7; double within 16 units.
[[nodiscard]] Expected elementwise(Array value);
// Rule C: 4 units of roundoff times the sum of the absolute terms, `scale`, element by element.
[[nodiscard]] Expected sums(Array value, const std::vector<Real>& scale, Real units = 4);
[[nodiscard]] Real roundoff(DType t);  // 2^-24, 2^-53

// Empty where `actual` is what is expected.
[[nodiscard]] std::string difference(const Expected& expected, const Tensor& actual);

// --- element types of declared sets
[[nodiscard]] std::vector<DType> types_in(const TypeSet& set);

inline Array integers(std::vector<std::int64_t> values, DType t = DType::int64) {
  Array a(t, {static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) a.values[i] = static_cast<Real>(values[i]);
  return a;
}
inline Array scalar(DType t, Real value) { return filled(t, {}, value); }
inline Attribute number(std::int64_t v) { return v; }

}  // namespace inferc::test
