#include <gtest/gtest.h>

#include "compiler/run/signature.hpp"

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

Signature signature(std::vector<std::string> shapes) {
  Signature out;
  out.symbols.declare("n", {1, 10});
  out.symbols.declare("m");
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    NamedType port{"x" + std::to_string(i), {DType::float32, {}}};
    if (!shapes[i].empty()) port.type.shape = {parse_dim(shapes[i]), Dim(3)};
    out.inputs.push_back(port);
  }
  return out;
}

Tensor rows(std::int64_t n) { return Tensor(DType::float32, {n, 3}); }

std::vector<std::string> problems(const Signature& s, const std::vector<Tensor>& inputs, const SymbolValues& given = {}) {
  std::vector<std::string> out;
  try {
    (void)resolve_symbols(s, inputs, given);
  } catch (const UserError& e) {
    for (const Diagnostic& d : e.problems()) out.push_back(d.message);
  }
  return out;
}

TEST(ResolveSymbols, SolvesLinearSizesInAnyOrder) {
  const Signature s = signature({"2*n*m + 1", "2*n + 1", ""});
  const SymbolValues values = resolve_symbols(s, std::vector{rows(25), rows(9), Tensor(DType::float32, {})});
  EXPECT_EQ(values, (SymbolValues{{"n", 4}, {"m", 3}}));
  EXPECT_EQ(dims_of(s, values), (std::vector<std::size_t>{4, 3}));
  EXPECT_EQ(shape_of(s.inputs[0], values), (std::vector<std::int64_t>{25, 3}));
}

TEST(ResolveSymbols, TakesTheRestFromTheCaller) {
  const Signature s = signature({"n"});
  EXPECT_EQ(resolve_symbols(s, std::vector{rows(2)}, {{"m", 7}}), (SymbolValues{{"n", 2}, {"m", 7}}));
  EXPECT_EQ(problems(s, {rows(2)}), std::vector<std::string>{"no input tells the size 'm'"});
}

TEST(ResolveSymbols, ReadsElementsThatRepeatSizes) {
  Signature s = signature({"n"});
  s.inputs.push_back({"shape", {DType::int64, {Dim(2)}}});
  s.told = {{parse_dim("2*m"), 1, 1}};
  const auto given = [](std::vector<std::int64_t> v) { return tensor_of<std::int64_t>({2}, v); };
  EXPECT_EQ(resolve_symbols(s, std::vector{rows(2), given({2, 14})}), (SymbolValues{{"n", 2}, {"m", 7}}));
  EXPECT_EQ(problems(s, {rows(2), given({2, -2})}), std::vector<std::string>{"no input tells the size 'm'"});
}

TEST(ResolveSymbols, ReportsEveryProblem) {
  const Signature s = signature({"n", "n", "m", "m"});
  const auto found = problems(s, {rows(2), rows(3), Tensor(DType::float64, {5}), Tensor(DType::int64, {1, 3})});
  EXPECT_EQ(found, (std::vector<std::string>{"input 'x2' holds float64, the model takes float32", "input 'x2' has shape [5], the model takes [m, 3]",
                                             "input 'x3' holds int64, the model takes float32", "input 'x1' has 3 on axis 0, the model takes n = 2"}));
}

TEST(ResolveSymbols, ChecksBoundsDivisibilityAndEqualities) {
  EXPECT_EQ(problems(signature({"n", "m"}), {rows(11), rows(1)}), std::vector<std::string>{"n = 11 is out of its bounds 1..10"});
  EXPECT_EQ(problems(signature({"n", "m"}), {rows(0), rows(1)}), std::vector<std::string>{"n = 0 is out of its bounds 1..10"});
  EXPECT_EQ(problems(signature({"2*n", "m"}), {rows(5), rows(1)}), std::vector<std::string>{"no input tells the size 'n'"});
  Signature s = signature({"n", "m"});
  s.symbols.require_equal(Dim::symbol("n") + 1, Dim::symbol("m"), "Add 'a'");
  EXPECT_TRUE(problems(s, {rows(2), rows(3)}).empty());
  EXPECT_EQ(problems(s, {rows(2), rows(2)}).size(), 1U);
}

TEST(ResolveSymbols, CountsInputs) { EXPECT_EQ(problems(signature({"n"}), {}), std::vector<std::string>{"0 inputs given, the model takes 1"}); }

}  // namespace
}  // namespace inferc
