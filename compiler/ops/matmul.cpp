#include "kernels/ref/matmul.hpp"

#include <fmt/format.h>

#include "compiler/ops/epilogue.hpp"
#include "compiler/ops/product.hpp"

namespace inferc::op_MatMul {
namespace {

constexpr TypeSet element_types{DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64};
using ElementTypes = Types<float, double, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>;

// numpy's rule: a vector on the left is a row, one on the right a column.
Shape as_row(Shape s) {
  if (s.size() == 1) s.insert(s.begin(), Dim(1));
  return s;
}
Shape as_column(Shape s) {
  if (s.size() == 1) s.emplace_back(1);
  return s;
}
Shape batch_of(const Shape& s) { return {s.begin(), s.end() - 2}; }

void infer(Infer& i) {
  if (i.rank(0) == 0 || i.rank(1) == 0) {
    i.fail("an operand is a scalar");
    return;
  }
  const Shape a = as_row(i.shape(0)), b = as_column(i.shape(1));
  static_cast<void>(i.unify(a.back(), b[b.size() - 2]));
  Shape out = i.broadcast(batch_of(a), batch_of(b));
  if (i.failed()) return;
  if (i.rank(0) > 1) out.push_back(a[a.size() - 2]);
  if (i.rank(1) > 1) out.push_back(b.back());
  i.out(0, i.dtype(0), std::move(out));
}

// The operand as [batch..., rows, cols] with the batch dims of the product.
Operand with_batch(const Operand& v, const Shape& matrix, const Shape& batch) {
  Shape shape = batch;
  shape.insert(shape.end(), matrix.end() - 2, matrix.end());
  return broadcast_view(*reshape_view(v, matrix), shape);
}

void lower(Lower& l) {
  const Shape a = as_row(l.shape(0)), b = as_column(l.shape(1));
  Operand x = l.in(0), y = l.in(1), out = l.out();
  Shape batch(out.shape.begin(), out.shape.end() - (l.type(0).rank() > 1) - (l.type(1).rank() > 1));
  Shape whole = batch;
  whole.push_back(a[a.size() - 2]);
  whole.push_back(b.back());
  auto place = reshape_view(out, whole);
  if (!place) place = reshape_view(l.out_dense(), whole);
  const HostKernel kernel = by_dtype(l.type(0).dtype, ElementTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::matmul<T, max_rank>); });
  l.reference("ref::matmul", "kernels/ref/matmul.hpp", kernel, {write_view(*place), read_view(with_batch(x, a, batch)), read_view(with_batch(y, b, batch))})
      .flops = Dim(2) * product(whole) * a.back();
}

// Constant weights of one matrix.
bool lower_weights(Lower& l) {
  const Tensor* b = l.constant(1);
  if (!b || b->rank() < 2 || !product(batch_of(l.shape(1))).is(1) || l.type(0).rank() < l.type(1).rank()) return false;
  const Dim n = l.shape(1).back();
  const auto epilogue = epilogue_of(l, product({l.shape(0).begin(), l.shape(0).end() - 1}), n);
  if (!epilogue) return false;
  const Operand a = rows_operand(l, l.in(0)), out = l.out_rows();
  gemm_call(l, out, a, 1, false, *epilogue);
  return true;
}

// The output as the matrices `whole`, rows contiguous.
Operand place_of(Lower& l, const Shape& whole) {
  const auto place = reshape_view(l.out(), whole);
  return place && contiguous(*place, whole.size() - 1) ? *place : *reshape_view(l.out_dense(), whole);
}

// Matrices per batch element. Columns of B may be contiguous instead of its rows.
bool lower_activations(Lower& l) {
  const Shape a = as_row(l.shape(0)), b = as_column(l.shape(1)), &out = l.out_type().shape;
  Shape whole(out.begin(), out.end() - (l.type(0).rank() > 1) - (l.type(1).rank() > 1));
  const Shape batch = whole;
  const Dim m = a[a.size() - 2], n = b.back();
  whole.insert(whole.end(), {m, n});
  auto epilogue = epilogue_of(l, product(batch) * m, n);
  if (!epilogue) return false;
  const Operand x = left_operand(l, *reshape_view(l.in(0), a)), y = right_operand(l, *reshape_view(l.in(1), b));
  matmul_call(l, place_of(l, whole), with_batch(x, a, batch), with_batch(y, b, batch), std::move(*epilogue));
  return true;
}

bool lower_fast(Lower& l) { return l.type(0).dtype == DType::float32 && (lower_weights(l) || lower_activations(l)); }

}  // namespace

extern const Op op = {.name = "MatMul",
                      .inputs = {{"A", element_types, Port::Arity::required, 'T'}, {"B", element_types, Port::Arity::required, 'T'}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "1, 9, 13"};

}  // namespace inferc::op_MatMul
