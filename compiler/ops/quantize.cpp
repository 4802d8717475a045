#include "compiler/ops/quantize.hpp"

#include <fmt/format.h>

#include "kernels/ref/quantize.hpp"

namespace inferc::quantized {
namespace {

bool single(const Shape& s) { return s.empty() || (s.size() == 1 && s[0].is(1)); }

bool check_blocks(Infer& i, const Shape& x, const Shape& scale, std::size_t axis) {
  const std::int64_t block = i.node.attr_int("block_size", 0);
  if (block < 1 || scale.size() != x.size())
    return i.fail(fmt::format("a scale of rank {} for a tensor of rank {} needs attribute 'block_size'", scale.size(), x.size()));
  for (std::size_t d = 0; d < x.size(); ++d) {
    if (d != axis) {
      static_cast<void>(i.unify(x[d], scale[d]));
      continue;
    }
    if (!divided(x[d], block)) return i.fail(fmt::format("axis {} of size {} is no multiple of block_size {}", d, x[d].text(), block));
    static_cast<void>(i.unify(*divided(x[d], block), scale[d]));
  }
  return !i.failed();
}

std::size_t axis_of(const Node& n, int rank) {
  const std::int64_t axis = n.attr_int("axis", 1);
  return from_front(axis, rank);
}

// Dim `axis` as [blocks, block].
Shape split_axis(Shape s, std::size_t axis, std::int64_t block) {
  const Dim blocks = *divided(s[axis], block);
  s[axis] = Dim(block);
  s.insert(s.begin() + static_cast<std::ptrdiff_t>(axis), blocks);
  return s;
}

}  // namespace

bool check_granularity(Infer& i, std::size_t input) {
  const Shape &x = i.shape(input - 1), &scale = i.shape(input);
  if (i.has(input + 1) && i.shape(input + 1).size() != scale.size() && !(single(scale) && single(i.shape(input + 1))))
    return i.fail("scale and zero point have different shapes");
  if (i.has(input + 1) && !single(scale))
    for (std::size_t d = 0; d < scale.size(); ++d) static_cast<void>(i.unify(scale[d], i.shape(input + 1)[d]));
  if (i.failed() || single(scale)) return !i.failed();
  const auto axis = i.axis_attr(1, i.rank(input - 1));
  if (!axis) return false;
  if (scale.size() > 1 || i.node.attr_int("block_size", 0) != 0) return check_blocks(i, x, scale, *axis);
  static_cast<void>(i.unify(scale[0], x[*axis]));
  return !i.failed();
}

Operand zeros(Lower& l, DType dtype, const Shape& shape) { return broadcast_view(l.weight(Tensor(dtype, {})), shape); }

void by_one_scale(Lower& l, const char* kernel, DType zero) {
  const Dim all = product(l.shape(0));
  l.fast(kernel, "kernels/cpu/quantized/map.hpp",
         {range(0, Dim(1)), write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), read(l.has(2) ? l.in_dense(2) : l.weight(Tensor(zero, {}))),
          size(all)})
      .flops = Dim(2) * all;
}

Operand spread(const Operand& v, std::size_t axis, const Shape& shape) {
  Operand out = v;
  if (single(v.shape)) out.shape.clear(), out.strides.clear();
  if (out.rank() != 1) return broadcast_view(out, shape);
  out.shape = shape;
  out.strides.assign(shape.size(), Dim(0));
  out.strides[axis] = v.strides[0];
  return out;
}

bool check_spread(Infer& i, std::size_t input, std::size_t axis, const Shape& shape) {
  if (!i.has(input) || single(i.shape(input))) return true;
  const Shape& s = i.shape(input);
  const auto differs = [&](const Dim& a, const Dim& b) {
    if (i.symbols().decide_equal(a, b) == false) return true;
    static_cast<void>(i.unify(a, b));
    return false;
  };
  bool fits = s.size() <= shape.size();
  if (fits && s.size() == 1) fits = !differs(s[0], shape[axis]);
  else
    for (std::size_t d = 0; fits && d < s.size(); ++d) fits = s[d].is(1) || !differs(s[d], shape[shape.size() - s.size() + d]);
  return fits || i.fail(fmt::format("input {} is {}, neither one value nor one for each of axis {} of {}", input, text(i.type(input)), axis,
                                    text(Type{DType::undefined, shape})));
}

Operands operands(Lower& l, DType zero_type) {
  const Shape& shape = l.shape(0);
  const std::int64_t block = l.node.attr_int("block_size", 0);
  const std::size_t axis = l.type(1).rank() == 0 ? 0 : axis_of(l.node, l.type(0).rank());
  if (block == 0 || single(l.shape(1))) {
    const Operand zero = l.has(2) ? spread(l.in(2), axis, shape) : zeros(l, zero_type, shape);
    return {l.out(), l.in(0), spread(l.in(1), axis, shape), zero};
  }
  const Shape split = split_axis(shape, axis, block);
  const auto by_block = [&](const Operand& v) {
    Operand out = v;
    out.shape = split;
    out.strides.insert(out.strides.begin() + static_cast<std::ptrdiff_t>(axis) + 1, Dim(0));
    return out;
  };
  return {*reshape_view(l.out_dense(), split), *reshape_view(l.in_dense(0), split), by_block(l.in(1)),
          l.has(2) ? by_block(l.in(2)) : zeros(l, zero_type, split)};
}

std::optional<Shape> matmul_shape(Infer& i, const MatMulInputs& in) {
  Shape a = i.shape(in.a), b = i.shape(in.b);
  if (a.empty() || b.empty()) return i.fail("an operand is a scalar"), std::nullopt;
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.emplace_back(1);
  static_cast<void>(i.unify(a.back(), b[b.size() - 2]));
  Shape out = i.broadcast({a.begin(), a.end() - 2}, {b.begin(), b.end() - 2});
  if (i.failed()) return std::nullopt;
  const std::size_t rows = out.size(), cols = rows + 1;
  const auto whole = [&](const Shape& matrix) {
    Shape s = out;
    s.insert(s.end(), matrix.end() - 2, matrix.end());
    return s;
  };
  if (!check_spread(i, in.zero_a, rows, whole(a)) || !check_spread(i, in.zero_b, cols, whole(b))) return std::nullopt;
  if (!row) out.push_back(a[a.size() - 2]);
  if (!column) out.push_back(b.back());
  return out;
}

void matmul(Lower& l, const Operand& out, const MatMulInputs& in) {
  Shape a = l.shape(in.a), b = l.shape(in.b);
  const bool row = a.size() == 1, column = b.size() == 1;
  if (row) a.insert(a.begin(), Dim(1));
  if (column) b.emplace_back(1);
  const Shape batch(out.shape.begin(), out.shape.end() - (row ? 0 : 1) - (column ? 0 : 1));
  const auto with_batch = [&](const Shape& matrix) {
    Shape s = batch;
    s.insert(s.end(), matrix.end() - 2, matrix.end());
    return s;
  };
  const Shape whole_a = with_batch(a), whole_b = with_batch(b);
  Shape whole = with_batch({a[a.size() - 2], b.back()});
  const auto zero = [&](std::size_t input, std::size_t of, std::size_t axis, const Shape& shape) {
    return l.has(input) ? spread(l.in(input), axis, shape) : zeros(l, l.type(of).dtype, shape);
  };
  const std::size_t rows = batch.size(), cols = batch.size() + 1;
  const HostKernel kernel = by_dtype(l.type(in.a).dtype, Bytes{}, [&]<class A>(std::type_identity<A>) {
    return by_dtype(l.type(in.b).dtype, Bytes{}, []<class B>(std::type_identity<B>) { return host(&ref::matmul_integer<A, B, max_rank>); });
  });
  l.reference("ref::matmul_integer", "kernels/ref/quantize.hpp", kernel,
              {write_view(*reshape_view(out, whole)), read_view(broadcast_view(*reshape_view(l.in_dense(in.a), a), whole_a)),
               read_view(broadcast_view(*reshape_view(l.in_dense(in.b), b), whole_b)), read_view(zero(in.zero_a, in.a, rows, whole_a)),
               read_view(zero(in.zero_b, in.b, cols, whole_b))})
      .flops = Dim(2) * product(whole) * a.back();
}

namespace {

std::size_t rows_of(const Shape& sums) { return sums.size() < 2 ? 0 : sums.size() - 2; }

}  // namespace

bool check_requantize(Infer& i, const Shape& sums, std::size_t a_scale, std::size_t b_scale, std::size_t b_axis, std::size_t y_scale, std::size_t y_zero) {
  const std::size_t rows = rows_of(sums);
  return check_spread(i, a_scale, rows, sums) && check_spread(i, b_scale, b_axis, sums) && check_spread(i, y_scale, rows, sums) &&
         check_spread(i, y_zero, rows, sums);
}

void requantize(Lower& l, const Operand& sums, std::size_t a_scale, std::size_t b_scale, std::size_t b_axis, std::size_t y_scale, std::size_t y_zero) {
  const Shape& shape = sums.shape;
  const std::size_t rows = rows_of(shape);
  const HostKernel kernel = by_dtype(l.out_type().dtype, Bytes{}, []<class O>(std::type_identity<O>) { return host(&ref::requantize<O, max_rank>); });
  l.reference("ref::requantize", "kernels/ref/quantize.hpp", kernel,
              {write_view(l.out()), read_view(sums), read_view(spread(l.in(a_scale), rows, shape)), read_view(spread(l.in(b_scale), b_axis, shape)),
               read_view(spread(l.in(y_scale), rows, shape)), read_view(spread(l.in(y_zero), rows, shape))})
      .flops = Dim(4) * product(shape);
}

}  // namespace inferc::quantized
