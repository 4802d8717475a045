#include "compiler/ops/product.hpp"

#include <algorithm>

#include "kernels/cpu/pack.hpp"

namespace inferc {

Operand packed_weight(Lower& l, std::size_t input, bool transposed) {
  const Tensor& b = *l.constant(input);
  const std::size_t rank = b.rank();
  const auto rows = static_cast<std::size_t>(b.shape()[rank - 2]), cols = static_cast<std::size_t>(b.shape()[rank - 1]);
  const std::size_t k = transposed ? cols : rows, n = transposed ? rows : cols;
  Tensor packed(DType::float32, {static_cast<std::int64_t>(cpu::packed_size(k, n))});
  cpu::pack_panels(packed.as<float>().data(), b.as<float>().data(), k, n, transposed ? std::size_t{1} : cols, transposed ? cols : std::size_t{1});
  return l.weight(std::move(packed), "panel16", input);
}

Call& gemm_call(Lower& l, const Operand& out, const Operand& a, const Operand& packed, EpilogueArg epilogue) {
  const Dim n = out.shape.back(), k = a.shape.back();
  const Dim rows = product({out.shape.begin(), out.shape.end() - 1});
  Call& c = l.fast("cpu::gemm", "kernels/cpu/gemm.hpp",
                   {range(0, rows), write(out), size(*row_stride(out)), read(a), size(*row_stride(a)), read(packed), size(n), size(k), std::move(epilogue)});
  c.flops = Dim(2) * rows * n * k;
  return c;
}

bool contiguous(const Operand& v, std::size_t d) { return v.strides[d].is(1) || v.shape[d].is(1); }

namespace {

bool forwards(const Operand& v) { return std::none_of(v.strides.end() - 2, v.strides.end(), runs_backwards); }

}  // namespace

Operand left_operand(Lower& l, const Operand& x) { return forwards(x) && contiguous(x, x.shape.size() - 1) ? x : l.dense(x); }

Operand right_operand(Lower& l, const Operand& y) {
  const std::size_t col = y.shape.size() - 1;
  return forwards(y) && (contiguous(y, col) || contiguous(y, col - 1)) ? y : l.dense(y);
}

Call& matmul_call(Lower& l, const Operand& out, const Operand& x, const Operand& y, EpilogueArg epilogue) {
  const std::size_t col = out.shape.size() - 1, row = col - 1;
  const Dim m = out.shape[row], n = out.shape[col], k = x.shape[col];
  const Shape batch(out.shape.begin(), out.shape.end() - 2);
  const bool by_columns = !contiguous(y, col);
  SizesArg dims;
  for (std::size_t d = 0; d < batch.size(); ++d) dims.sizes.insert(dims.sizes.end(), {batch[d], out.strides[d], x.strides[d], y.strides[d]});
  if (batch.empty()) dims.sizes = {1, 0, 0, 0};
  std::vector<Arg> args{
      range(0, product(batch)), write(out), size(out.strides[row]), read(x), size(x.strides[row]), read(y), size(by_columns ? y.strides[col] : y.strides[row])};
  std::optional<std::size_t> scratch;
  if (by_columns) {
    scratch = args.size();
    args.push_back(write(l.temporary(DType::float32, {ceil_div(n, 16) * 16 * k})));
  }
  args.insert(args.end(), {size(m), size(n), size(k), TypeArg{"dim<0>{}"}, dims, std::move(epilogue)});
  Call& c = l.fast(by_columns ? "cpu::matmul_transposed" : "cpu::matmul", "kernels/cpu/matmul.hpp", std::move(args));
  c.flops = Dim(2) * product(batch) * m * n * k;
  c.worker_scratch = scratch;
  return c;
}

}  // namespace inferc
