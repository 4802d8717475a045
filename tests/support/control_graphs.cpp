#include "tests/support/control_graphs.hpp"

#include "tests/ops/run_node.hpp"

namespace inferc::test {
namespace {

Tensor condition(bool holds) {
  Tensor t(DType::boolean, {});
  t.as<bool>()[0] = holds;
  return t;
}

// y = go ? relu(x) + c : c * x with c made outside; what both branches read lives through the call.
constexpr std::string_view branches = R"(graph "g" {
  %x: f32[3] = input
  %go: bool[] = input
  %c = Exp(%x)
  %y = If(%go, %x, %c, %c, %x)
    region "then_branch" captures 2 graph "then" {
      %x: f32[3] = input
      %c: f32[3] = input
      %r = Relu(%x)
      %s = Add(%r, %c)
      return %s
    }
    region "else_branch" captures 2 graph "else" {
      %c: f32[3] = input
      %x: f32[3] = input
      %p = Mul(%c, %x)
      return %p
    }
  %z = Neg(%y)
  return %z
}
)";

// The positive elements or all of them, twice.
constexpr std::string_view sizes = R"(graph "g" {
  symbol n: 0..9
  %x: f32[n] = input
  %go: bool[] = input
  %zero = constant f32[] {0.0}
  %y "y" = If(%go, %x, %zero, %x)
    region "then_branch" captures 2 graph "then" {
      %x: f32[n] = input
      %zero: f32[] = input
      %p = Greater(%x, %zero)
      %s "s" = Compress(%x, %p)
      return %s
    }
    region "else_branch" captures 1 graph "else" {
      %x: f32[n] = input
      %r = Relu(%x)
      return %r
    }
  %z = Concat(%y, %y) {"axis" = 0}
  return %z, %y
}
)";

// a, b = b, a + k while the sum of a is below 20, for 4 iterations at most; every a is collected, k is captured.
constexpr std::string_view loop = R"(graph "g" {
  %x: f32[2] = input
  %trips = constant i64[] {4}
  %holds = constant bool[] {1}
  %limit = constant f32[] {20.0}
  %k = Exp(%x)
  %a "a", %b "b", %all "all" = Loop(%trips, %holds, %x, %x, %k, %limit)
    region "body" captures 2 graph "body" {
      %i: i64[] = input
      %c: bool[] = input
      %a: f32[2] = input
      %b: f32[2] = input
      %k: f32[2] = input
      %limit: f32[] = input
      %sum = Add(%a, %k)
      %total = ReduceSum(%sum) {"keepdims" = 0}
      %next = Less(%total, %limit)
      return %next, %b, %sum, %a
    }
  %y = Add(%a, %b)
  return %y, %all
}
)";

// Running sums of the rows, and of the columns from the last to the first.
constexpr std::string_view scan = R"(graph "g" {
  symbol n: 0..8
  %x: f32[n, 3] = input
  %start: f32[3] = input
  %last "last", %sums "sums" = Scan(%start, %x) {"num_scan_inputs" = 1}
    region "body" captures 0 graph "body" {
      %s: f32[3] = input
      %row: f32[3] = input
      %t = Add(%s, %row)
      return %t, %t
    }
  %seen "seen" = Scan(%x, %last) {"num_scan_inputs" = 1, "scan_input_axes" = ints[1], "scan_input_directions" = ints[1], "scan_output_directions" = ints[1]}
    region "body" captures 1 graph "body" {
      %column: f32[n] = input
      %last: f32[3] = input
      %m = ReduceSum(%last) {"keepdims" = 0}
      %t = Mul(%column, %m)
      return %t
    }
  return %last, %sums, %seen
}
)";

// Iteration i adds the elements of x from the i-th non-zero one on, or takes that element away where i is odd.
constexpr std::string_view nested = R"(graph "g" {
  symbol n: 0..12
  %x: f32[n] = input
  %one = constant i64[] {1}
  %two = constant i64[] {2}
  %zero = constant i64[] {0}
  %flat_shape = constant i64[1] {-1}
  %start = constant f32[] {0.0}
  %found "found" = NonZero(%x)
  %shape = Shape(%found)
  %count = Gather(%shape, %one)
  %flat = Reshape(%found, %flat_shape)
  %y "y", %each "each" = Loop(%count, _, %start, %x, %flat, %two, %zero, %flat_shape)
    region "body" captures 5 graph "body" {
      %i "i": i64[] = input
      %c: bool[] = input
      %s: f32[] = input
      %x: f32[n] = input
      %flat: i64[n] = input
      %two: i64[] = input
      %zero: i64[] = input
      %ax: i64[1] = input
      %at = Gather(%flat, %i)
      %odd = Mod(%i, %two)
      %even = Equal(%odd, %zero)
      %t = If(%even, %s, %x, %flat, %i, %ax, %s, %x, %at)
        region "then_branch" captures 5 graph "then" {
          %s: f32[] = input
          %x: f32[n] = input
          %flat: i64[n] = input
          %i: i64[] = input
          %ax: i64[1] = input
          %from = Reshape(%i, %ax)
          %size = Shape(%flat)
          %part = Slice(%flat, %from, %size)
          %taken = Gather(%x, %part)
          %sum = ReduceSum(%taken) {"keepdims" = 0}
          %r = Add(%s, %sum)
          return %r
        }
        region "else_branch" captures 3 graph "else" {
          %s: f32[] = input
          %x: f32[n] = input
          %at: i64[] = input
          %v = Gather(%x, %at)
          %r = Sub(%s, %v)
          return %r
        }
      return %c, %t, %t
    }
  return %y, %each, %found
}
)";

// Sizes that must be equal, and are found out apart.
constexpr std::string_view equal = R"(graph "g" {
  symbol n: 0..9
  %x: f32[n] = input
  %p: bool[n] = input
  %q: bool[n] = input
  %a "a" = Compress(%x, %p)
  %b "b" = Compress(%x, %q)
  %y = Add(%a, %b)
  return %y
}
)";

Tensor bools(const std::vector<int>& values) {
  Tensor t(DType::boolean, {static_cast<std::int64_t>(values.size())});
  for (std::size_t k = 0; k < values.size(); ++k) t.as<bool>()[k] = values[k] != 0;
  return t;
}

}  // namespace

std::vector<ControlCase> control_cases() {
  const Tensor rows = f32({4, 3}, {1, 2, 3, 4, 5, 6, -1, -2, -3, 0.5f, 0.25f, 8}), start = f32({3}, {10, 20, 30});
  return {{"branches", branches, {{f32({3}, {0, -1, 2}), condition(true)}, {f32({3}, {0, -1, 2}), condition(false)}}},
          {"sizes",
           sizes,
           {{f32({4}, {1, -2, 3, 4}), condition(true)},
            {f32({4}, {1, -2, 3, 4}), condition(false)},
            {f32({0}, {}), condition(true)},
            {f32({2}, {-1, -1}), condition(true)}}},
          {"loop", loop, {{f32({2}, {0, 0.5f})}, {f32({2}, {2, 2})}, {f32({2}, {3, 5})}}},
          {"scan", scan, {{rows, start}, {f32({0, 3}, {}), start}, {f32({1, 3}, {1, 2, 3}), start}}},
          {"nested", nested, {{f32({7}, {1, 0, 2, 3, 0, 4, 5})}, {f32({3}, {0, 0, 0})}, {f32({0}, {})}, {f32({12}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})}}},
          {"equal", equal, {{f32({3}, {1, 2, 3}), bools({1, 0, 1}), bools({0, 1, 1})}, {f32({2}, {1, 2}), bools({0, 0}), bools({0, 0})}}}};
}

}  // namespace inferc::test
