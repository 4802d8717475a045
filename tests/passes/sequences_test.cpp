#include <gtest/gtest.h>

#include "compiler/passes/passes.hpp"
#include "compiler/plan/evaluate.hpp"
#include "tests/support/graphs.hpp"

// Sequences of tensors become tensors while types are inferred, as exporters write them: of fixed length, split, appended to in loops.
namespace inferc::test {
namespace {

using Floats = std::vector<float>;

Tensor tensor(std::vector<std::int64_t> shape, Floats v) { return tensor_of<float>(std::move(shape), v); }
Tensor scalar(std::int64_t v) { return tensor_of<std::int64_t>({}, std::vector<std::int64_t>{v}); }

Floats elements(const Tensor& t) {
  if (t.dtype() == DType::float32) return {t.as<float>().begin(), t.as<float>().end()};
  return {t.as<std::int64_t>().begin(), t.as<std::int64_t>().end()};
}

// The outputs, by the reference kernels, before and after all passes.
std::vector<Tensor> run(std::string_view text, const std::vector<Tensor>& inputs, const SymbolValues& sizes = {}) {
  const auto graph = typed_graph(text);
  std::vector<Tensor> out = evaluate(plan(*graph, false), inputs, sizes);
  run_pipeline(*graph);
  const std::vector<Tensor> after = evaluate(plan(*graph, false), inputs, sizes);
  for (std::size_t i = 0; i < out.size(); ++i) EXPECT_TRUE(out[i].same(after[i])) << i;
  return out;
}

std::string refusal(std::string_view text) {
  const auto graph = parse_graph(text);
  Diagnostics problems;
  if (infer_types(*graph, problems)) return "accepted";
  EXPECT_FALSE(problems.errors()[0].help.empty()) << problems.errors()[0].message;
  return problems.errors()[0].message;
}

TEST(Sequences, OfFixedLengthAreTheirTensors) {
  const auto out = run(R"(graph "g" {
      %a: f32[2] = input
      %b: f32[3] = input
      %one = constant i64[] {1}
      %last = constant i64[] {-1}
      %empty = SequenceEmpty()
      %s0 = SequenceInsert(%empty, %a)
      %s1 = SequenceInsert(%s0, %b)
      %s2 = SequenceInsert(%s1, %b, %one)
      %s3 = SequenceInsert(%s2, %a, %last)
      %s4 = SequenceErase(%s3, %last)
      %copy = Identity(%s4)
      %n = SequenceLength(%copy)
      %x = SequenceAt(%copy, %last)
      %y = ConcatFromSequence(%copy) {"axis" = 0}
      return %n, %x, %y
    })",
                       {tensor({2}, {1, 2}), tensor({3}, {3, 4, 5})});
  EXPECT_EQ(elements(out[0]), (Floats{3}));  // a b a
  EXPECT_EQ(elements(out[1]), (Floats{1, 2}));
  EXPECT_EQ(elements(out[2]), (Floats{1, 2, 3, 4, 5, 1, 2}));
}

TEST(Sequences, ConstructedOnesAreStackedOnAnyAxis) {
  const auto out = run(R"(graph "g" {
      %a: f32[2] = input
      %b: f32[2] = input
      %s = SequenceConstruct(%a, %b)
      %x = ConcatFromSequence(%s) {"axis" = -1, "new_axis" = 1}
      %y = ConcatFromSequence(%s) {"axis" = 0, "new_axis" = 1}
      return %x, %y
    })",
                       {tensor({2}, {1, 2}), tensor({2}, {3, 4})});
  EXPECT_EQ(elements(out[0]), (Floats{1, 3, 2, 4}));
  EXPECT_EQ(out[0].shape(), (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(elements(out[1]), (Floats{1, 2, 3, 4}));
}

TEST(Sequences, SplitsHaveTheirPartsAndMayDropTheAxis) {
  const auto out = run(R"(graph "g" {
      %x: f32[3, 2] = input
      %sizes = constant i64[2] {1, 2}
      %two = constant i64[] {2}
      %zero = constant i64[] {0}
      %one = constant i64[] {1}
      %s = SplitToSequence(%x, %sizes) {"axis" = 0}
      %t = SplitToSequence(%x, %two) {"axis" = 0}
      %u = SplitToSequence(%x) {"axis" = 1, "keepdims" = 0}
      %v = SplitToSequence(%x) {"axis" = -1}
      %a = SequenceAt(%s, %one)
      %b = SequenceAt(%t, %one)
      %c = SequenceAt(%u, %zero)
      %d = SequenceAt(%v, %zero)
      return %a, %b, %c, %d
    })",
                       {tensor({3, 2}, {1, 2, 3, 4, 5, 6})});
  EXPECT_EQ(elements(out[0]), (Floats{3, 4, 5, 6}));
  EXPECT_EQ(elements(out[1]), (Floats{5, 6}));
  EXPECT_EQ(elements(out[2]), (Floats{1, 3, 5}));
  EXPECT_EQ(out[3].shape(), (std::vector<std::int64_t>{3, 1}));
}

TEST(Sequences, OfAsManyElementsAsASymbolSaysAreRows) {
  const auto out = run(R"(graph "g" {
      symbol n: 0..9
      %x: f32[2, n] = input
      %k: i64[] = input
      %u = SplitToSequence(%x) {"axis" = 1, "keepdims" = 0}
      %v = SplitToSequence(%x) {"axis" = 1}
      %a = SequenceAt(%u, %k)
      %n = SequenceLength(%u)
      %b = ConcatFromSequence(%u) {"axis" = 1, "new_axis" = 1}
      %c = ConcatFromSequence(%v) {"axis" = 1}
      %d = ConcatFromSequence(%v) {"axis" = 0}
      return %a, %n, %b, %c, %d
    })",
                       {tensor({2, 3}, {1, 2, 3, 4, 5, 6}), scalar(-1)}, {{"n", 3}});
  EXPECT_EQ(elements(out[0]), (Floats{3, 6}));
  EXPECT_EQ(elements(out[1]), (Floats{3}));
  EXPECT_EQ(elements(out[2]), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(out[3].shape(), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(elements(out[3]), (Floats{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(out[4].shape(), (std::vector<std::int64_t>{6, 1}));
  EXPECT_EQ(elements(out[4]), (Floats{1, 4, 2, 5, 3, 6}));
}

TEST(Sequences, OfOneShapeMayBeReadWhereTheCallFindsOut) {
  const auto out = run(R"(graph "g" {
      %a: f32[2] = input
      %b: f32[2] = input
      %k: i64[] = input
      %s = SequenceConstruct(%a, %b)
      %x = SequenceAt(%s, %k)
      return %x
    })",
                       {tensor({2}, {1, 2}), tensor({2}, {3, 4}), scalar(1)});
  EXPECT_EQ(elements(out[0]), (Floats{3, 4}));
}

TEST(Sequences, MapsAreTheirBodyForEachElement) {
  const auto out = run(R"(graph "g" {
      %a: f32[2] = input
      %b: f32[1] = input
      %s = SequenceConstruct(%a, %b)
      %t = SequenceConstruct(%b, %b)
      %m = SequenceMap(%s, %t, %b, %b)
        region "body" captures 1 graph "body" {
          %e: f32[] = input
          %f: f32[] = input
          %c: f32[1] = input
          %o: f32[1] = input
          %p = Add(%e, %f)
          %q = Mul(%p, %c)
          %r = Sub(%q, %o)
          return %r
        }
      %y = ConcatFromSequence(%m) {"axis" = 0}
      return %y
    })",
                       {tensor({2}, {1, 2}), tensor({1}, {3})});
  EXPECT_EQ(elements(out[0]), (Floats{9, 12, 15}));
}

// An exporter's list that a loop appends to; `first` stands before the loop.
std::string appending(const std::string& first, const std::string& after) {
  return R"(graph "g" {
      %x: f32[2] = input
      %trips: i64[] = input
      %limit = constant i64[] {4}
      %yes = constant bool[] {1}
      %empty = SequenceEmpty()
)" + first +
         R"(
      %last, %list = Loop(%limit, %yes, %x, %before, %trips)
        region "body" captures 1 graph "body" {
          %i: i64[] = input
          %c: bool[] = input
          %v: f32[2] = input
          %l: f32[] = input
          %trips: i64[] = input
          %w = Add(%v, %v)
          %m = SequenceInsert(%l, %w)
          %k = Identity(%m)
          %one = constant i64[] {1}
          %next = Add(%i, %one)
          %on = Less(%next, %trips)
          return %on, %w, %k
        }
)" + after +
         "\n    }";
}

TEST(Sequences, ThatALoopAppendsToAreWhatItCollects) {
  const std::string text = appending("      %before = Identity(%empty)", R"(
      %all = ConcatFromSequence(%list) {"axis" = 0, "new_axis" = 1}
      %flat = ConcatFromSequence(%list) {"axis" = -1}
      %n = SequenceLength(%list)
      return %all, %flat, %n, %last)");
  const auto out = run(text, {tensor({2}, {1, 2}), scalar(3)});
  EXPECT_EQ(out[0].shape(), (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(elements(out[0]), (Floats{2, 4, 4, 8, 8, 16}));
  EXPECT_EQ(elements(out[1]), (Floats{2, 4, 4, 8, 8, 16}));
  EXPECT_EQ(elements(out[2]), (Floats{3}));
  EXPECT_EQ(elements(out[3]), (Floats{8, 16}));
}

TEST(Sequences, MayHaveElementsBeforeTheLoop) {
  const std::string text = appending("      %before = SequenceInsert(%empty, %x)", R"(
      %all = ConcatFromSequence(%list) {"axis" = 0, "new_axis" = 1}
      return %all)");
  EXPECT_EQ(elements(run(text, {tensor({2}, {1, 2}), scalar(2)})[0]), (Floats{1, 2, 2, 4, 4, 8}));
}

TEST(Sequences, AreReadInLoopsWhetherCapturedOrCarried) {
  for (const bool carried : {false, true}) {
    const std::string text = std::string(R"(graph "g" {
      %a: f32[2] = input
      %b: f32[2] = input
      %zero = constant f32[2] {0.0, 0.0}
      %two = constant i64[] {2}
      %s = SequenceConstruct(%a, %b)
)") +
                             (carried ? "      %sum, %same, %each = Loop(%two, _, %zero, %s)\n        region \"body\" captures 0"
                                      : "      %sum, %each = Loop(%two, _, %zero, %s)\n        region \"body\" captures 1") +
                             R"( graph "body" {
          %i: i64[] = input
          %c: bool[] = input
          %v: f32[2] = input
          %s: f32[] = input
          %first = constant i64[] {0}
          %e = SequenceAt(%s, %i)
          %f = SequenceAt(%s, %first)
          %w = Add(%v, %e)
          return %c, %w, )" + (carried ? "%s, " : "") +
                             R"(%f
        }
      return %sum, %each
    })";
    const auto out = run(text, {tensor({2}, {1, 2}), tensor({2}, {3, 4})});
    EXPECT_EQ(elements(out[0]), (Floats{4, 6})) << carried;
    EXPECT_EQ(elements(out[1]), (Floats{1, 2, 1, 2})) << carried;
  }
}

TEST(Sequences, MadeInABranchAreReadThere) {
  const auto out = run(R"(graph "g" {
      %x: f32[2, 2] = input
      %go: bool[] = input
      %y = If(%go, %x, %x)
        region "then_branch" captures 1 graph "then" {
          %x: f32[2, 2] = input
          %one = constant i64[] {1}
          %s = SplitToSequence(%x) {"axis" = 0, "keepdims" = 0}
          %r = SequenceAt(%s, %one)
          return %r
        }
        region "else_branch" captures 1 graph "else" {
          %x: f32[2, 2] = input
          %one = constant i64[] {1}
          %s = SplitToSequence(%x) {"axis" = 1, "keepdims" = 0}
          %r = SequenceAt(%s, %one)
          return %r
        }
      return %y
    })",
                       {tensor({2, 2}, {1, 2, 3, 4}), Tensor(DType::boolean, {})});
  EXPECT_EQ(elements(out[0]), (Floats{2, 4}));
}

TEST(Sequences, AreRefusedWhereTheyAreNoTensors) {
  const auto graph = [](const std::string& nodes) {
    return "graph \"g\" {\n  %x: f32[2] = input\n  %w: f32[3] = input\n  %k: i64[] = input\n" + nodes + "\n}";
  };
  EXPECT_EQ(refusal(graph("  %s \"s\" = SequenceConstruct(%x)\n  return %s")), "SequenceConstruct -> 's': output 's' reads its sequence");
  EXPECT_EQ(refusal(graph("  %s = SequenceEmpty()\n  %y \"y\" = ConcatFromSequence(%s) {\"axis\" = 0}\n  return %y")),
            "ConcatFromSequence -> 'y': its sequence is empty");
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x, %w)\n  %y \"y\" = SequenceAt(%s, %k)\n  return %y")),
            "SequenceAt -> 'y': its position is not known before run time");
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x, %w)\n  %p = constant i64[] {2}\n  %y \"y\" = SequenceAt(%s, %p)\n  return %y")),
            "SequenceAt -> 'y': position 2 of 2 is out of range");
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x)\n  %t = SequenceInsert(%s, %w, %k)\n  %y = SequenceLength(%t)\n  return %y")).substr(0, 14),
            "SequenceInsert");
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x)\n  %y = Neg(%s)\n  return %y")), "SequenceConstruct: Neg reads its sequence");
}

TEST(Sequences, WithMissingPartsAreRefused) {
  const auto graph = [](const std::string& nodes) { return "graph \"g\" {\n  %x: f32[2] = input\n  %k: i64[] = input\n" + nodes + "\n}"; };
  const std::string missing = ": an input, its one output or its body is missing";
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x, _)\n  %y = SequenceAt(%s, %k)\n  return %y")), "SequenceAt: the length of its sequence is not known");
  EXPECT_EQ(refusal(graph("  %s = SequenceEmpty()\n  %t = SequenceInsert(%s)\n  %y = SequenceLength(%t)\n  return %y")), "SequenceInsert" + missing);
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x)\n  %y = SequenceAt(%s)\n  return %y")), "SequenceAt" + missing);
  EXPECT_EQ(refusal(graph("  %s = SplitToSequence(_)\n  %y = SequenceLength(%s)\n  return %y")), "SplitToSequence" + missing);
  EXPECT_EQ(refusal(graph("  %s = SequenceConstruct(%x)\n  %t = SequenceMap(%s)\n  %y = SequenceLength(%t)\n  return %y")), "SequenceMap" + missing);
}

TEST(Sequences, ThatALoopChangesOtherwiseAreRefused) {
  std::string text = appending("      %before = Identity(%empty)", "      %n = SequenceLength(%list)\n      return %n");
  text.replace(text.find("SequenceInsert(%l, %w)"), 22, "SequenceInsert(%l, %w, %i)");
  EXPECT_EQ(refusal(text), "Loop: the sequence that it carries as value 1 is not only appended to");
}

}  // namespace
}  // namespace inferc::test
