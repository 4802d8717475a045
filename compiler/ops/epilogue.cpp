#include "compiler/ops/epilogue.hpp"

#include "compiler/ops/fused.hpp"
#include "compiler/ops/fused_map.hpp"

namespace inferc {

std::optional<Accessor> row_col_accessor(const Operand& v, const Dim& rows, const Dim& cols) {
  using Kind = Accessor::Kind;
  if (v.size().is(1)) return Accessor{Kind::scalar, v, 0};
  if (v.shape.back() == cols && v.size() == cols && v.strides.back().is(1)) return Accessor{Kind::row, v, 0};
  const std::optional<Dim> stride = row_stride(v);
  if (!stride || !(v.size() == rows * v.shape.back())) return std::nullopt;
  if (v.shape.back().is(1)) return Accessor{Kind::col, v, *stride};
  if (v.shape.back() == cols) return Accessor{Kind::full, v, *stride};
  return std::nullopt;
}

namespace {

// An expression under construction with the operands it reads.
struct Build {
  Lower& l;
  Expr expr{};  // the accumulator
  std::vector<Accessor> accessors{};

  Expr leaf(Accessor a) {
    accessors.push_back(std::move(a));
    Expr e;
    e.operand = static_cast<int>(accessors.size()) - 1;
    return e;
  }
  Expr scalar(float v) { return leaf({Accessor::Kind::scalar, l.weight(tensor_of<float>({1}, std::span<const float>(&v, 1))), 0}); }
  static Expr apply(const char* functor, Expr a, Expr b) { return {functor, {std::move(a), std::move(b)}, {}, -1, DType::float32}; }
};

}  // namespace

namespace {

std::optional<Accessor> accessor_of(Lower& l, std::size_t input, const Dim& rows, const Dim& cols) {
  const auto in_place = row_col_accessor(l.in(input), rows, cols);
  return in_place ? in_place : row_col_accessor(l.in_dense(input), rows, cols);
}

// The rows that the dense input `index` picks from a table.
Accessor picked_rows(Lower& l, std::size_t table, std::size_t index) {
  const Operand v = l.in_rows(table);
  return {Accessor::Kind::gathered, v, *row_stride(v), l.in_dense(index), product({v.shape.begin(), v.shape.end() - 1})};
}

// The region that a product owns, over its captures.
std::optional<EpilogueArg> region_epilogue(Lower& l, const Region& region, const Dim& rows, const Dim& cols) {
  auto expression = region_expression(*region.graph, 1);
  if (!expression) return std::nullopt;
  EpilogueArg out{std::make_shared<const Expr>(std::move(expression->expr)), {}};
  const std::size_t first = l.node.inputs.size() - region.captures - 1;  // the accumulator is no input of the node
  for (const Leaf& leaf : expression->leaves) {
    auto accessor = leaf.gather ? std::optional(picked_rows(l, first + leaf.input, first + leaf.index)) : accessor_of(l, first + leaf.input, rows, cols);
    if (!accessor) return std::nullopt;
    out.accessors.push_back(std::move(*accessor));
  }
  for (const Accessor& a : out.accessors)
    if (a.kind == Accessor::Kind::gathered) check_index(l, a.index, a.rows);
  return out;
}

}  // namespace

std::optional<EpilogueArg> epilogue_of(Lower& l, const Dim& rows, const Dim& cols) {
  if (const Region* region = find_region(l.node, "epilogue")) return region_epilogue(l, *region, rows, cols);
  if (!l.node.is("Gemm")) return EpilogueArg{};
  Build b{.l = l};
  const float alpha = l.node.attr("alpha", 1.0f), beta = l.node.attr("beta", 1.0f);
  if (alpha != 1) b.expr = Build::apply("functors::mul", b.scalar(alpha), b.expr);
  if (l.has(2) && beta != 0) {
    auto c = accessor_of(l, 2, rows, cols);
    if (!c) return std::nullopt;
    Expr term = b.leaf(std::move(*c));
    if (beta != 1) term = Build::apply("functors::mul", b.scalar(beta), std::move(term));
    b.expr = Build::apply("functors::add", b.expr, std::move(term));
  }
  if (b.expr.functor.empty()) return EpilogueArg{};
  return EpilogueArg{std::make_shared<const Expr>(std::move(b.expr)), std::move(b.accessors)};
}

}  // namespace inferc
