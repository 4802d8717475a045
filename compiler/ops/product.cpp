#include "compiler/ops/product.hpp"

#include <algorithm>
#include <bit>

#include "kernels/convert.hpp"
#include "kernels/cpu/pack.hpp"
#include "kernels/cpu/sparse/pack.hpp"

namespace inferc {
namespace {

// A constant of rank 2, or its transpose, as w[k, n] = data[k * row + n * col].
struct Weights {
  const float* data;
  std::size_t k, n, row, col;
};
Weights weights_of(const Tensor& b, bool transposed) {
  const std::size_t rank = b.rank();
  const auto rows = static_cast<std::size_t>(b.shape()[rank - 2]), cols = static_cast<std::size_t>(b.shape()[rank - 1]);
  if (transposed) return {b.as<float>().data(), cols, rows, 1, cols};
  return {b.as<float>().data(), rows, cols, cols, 1};
}

bool has_rounded_weights(const Lower& l) { return l.node.attr_int(rounded_weights, 0) != 0; }

Tensor in_bfloat16(const Tensor& t) {
  Tensor out(DType::bfloat16, t.shape());
  for (std::size_t i = 0; i < t.size(); ++i) out.as<std::uint16_t>()[i] = formats::from_float<formats::bfloat16>(t.as<float>()[i]);
  return out;
}

Operand packed_weight(Lower& l, std::size_t input, const Weights& w) {
  Tensor packed(DType::float32, {static_cast<std::int64_t>(cpu::packed_size(w.k, w.n))});
  cpu::pack_panels(packed.as<float>().data(), w.data, w.k, w.n, w.row, w.col);
  if (has_rounded_weights(l)) packed = in_bfloat16(packed);
  return l.weight(std::move(packed), "panel16", input);
}

// --- weights without their zeros

std::size_t terms_of(const Weights& w) { return w.n < 64 ? 16 : 64; }

// By nanoseconds that AVX-512 takes for a row of a whole block: dense 0.0098 for a product; without zeros 0.12 for an input (it is turned and
// looked at), 0.14 for a result, 0.018 for a weight, and 0.05 for a run where a column has several. Measured at 50 to 95 % of zeros:
//   k x n       16 x 64     64 x 32     64 x 64     128 x 128   256 x 256   512 x 512
//   80 %        0.9         1.0         1.4         1.7         1.7         1.6           times as fast as dense
//   90 %        1.0         1.0         1.7         2.3         2.6         2.8
// AVX2 gains more: 1.3 to 2.4 and 1.5 to 3.5.
bool is_faster_sparse(const Weights& w, std::size_t weights) {
  const auto k = static_cast<double>(w.k), n = static_cast<double>(w.n), blocks = static_cast<double>(cpu::sparse::blocks_of(w.k, terms_of(w)));
  const double dense = 0.0098 * static_cast<double>(cpu::packed_size(w.k, w.n));
  const double sparse = 0.12 * k + 0.14 * n + 0.018 * static_cast<double>(weights) + (blocks > 1 ? 0.05 * n * blocks : 0);
  return w.k <= 1024 && dense >= 1.2 * sparse;
}

// The largest e for which a finite v is a multiple of 2^e.
int exponent_of(float v) {
  const auto bits = std::bit_cast<std::uint32_t>(v);
  const int exponent = static_cast<int>(bits >> 23 & 255);
  const std::uint32_t mantissa = (bits & 0x7fffffu) | (exponent > 0 ? 0x800000u : 0u);
  return std::max(exponent, 1) - 150 + std::countr_zero(mantissa);
}
// The magnitude from which on every float is a multiple of 2^e, at least the smallest normal one.
float least_multiple(int e) { return std::bit_cast<float>(static_cast<std::uint32_t>(std::clamp(e + 150, 1, 254)) << 23); }

struct SparseWeights {
  std::vector<std::uint16_t> plan;
  std::vector<float> values;  // the least ordinary input, then weights
};
SparseWeights without_zeros(const Weights& w) {
  SparseWeights out;
  int exponent = 127;
  out.values.resize(1);
  cpu::sparse::pack_runs(
      w.data, w.k, w.n, w.row, w.col, terms_of(w), [&](std::size_t v) { out.plan.push_back(static_cast<std::uint16_t>(v)); },
      [&](std::size_t k, std::size_t n) {
        out.values.push_back(w.data[k * w.row + n * w.col]);
        exponent = std::min(exponent, exponent_of(out.values.back()));
      });
  out.values[0] = least_multiple(-149 - exponent);
  return out;
}

// As many rows as make a block on any code path, of finite weights that are mostly zeros.
bool pays_without_zeros(const Lower& l, const Weights& w, const Dim& rows) {
  if (l.symbols().bounds(rows).upper < static_cast<std::int64_t>(cpu::sparse::most_rows)) return false;
  std::size_t weights = 0;
  for (std::size_t i = 0; i < w.k * w.n; ++i) {
    if ((std::bit_cast<std::uint32_t>(w.data[i]) & 0x7fffffffu) >= 0x7f800000u) return false;
    weights += w.data[i] != 0;
  }
  return is_faster_sparse(w, weights);
}

// Turns a cpu::gemm into the one for weights that are given without zeros, too.
void leave_out_zeros(Lower& l, Call& c, std::size_t input, const Weights& w) {
  constexpr std::size_t behind_packed = 6;
  const SparseWeights s = without_zeros(w);
  const Operand plan = l.weight(tensor_of<std::uint16_t>({std::ssize(s.plan)}, s.plan), "runs", input);
  const Operand values = l.weight(tensor_of<float>({std::ssize(s.values)}, s.values), "weights of runs", input);
  const Operand scratch = l.temporary(DType::float32, {static_cast<std::int64_t>(cpu::sparse::scratch_size(w.k, terms_of(w)))});
  c.kernel = "cpu::sparse::gemm", c.header = "kernels/cpu/sparse/gemm.hpp";
  c.args.insert(c.args.begin() + behind_packed, {read(plan), read(values), write(scratch)});
  c.worker_scratch = behind_packed + 2;
  c.without_zeros = Call::Rows::many;
}

// Rank 2, with a step from column to column that is known at run time.
bool has_given_steps(const Lower& l, const Operand& v) { return v.shape.size() == 2 && !has_rounded_weights(l) && l.symbols().has_measured(v.strides[1]); }

bool forwards(const Operand& v) { return std::none_of(v.strides.end() - 2, v.strides.end(), runs_backwards); }

}  // namespace

Operand rows_operand(Lower& l, const Operand& v) { return row_stride(v) || has_given_steps(l, v) ? v : l.dense(v); }

Call& gemm_call(Lower& l, const Operand& out, const Operand& a, std::size_t input, bool transposed, EpilogueArg epilogue) {
  const Weights w = weights_of(*l.constant(input), transposed);
  const Operand packed = packed_weight(l, input, w);
  const Dim n = out.shape.back(), k = a.shape.back();
  const Dim rows = product({out.shape.begin(), out.shape.end() - 1});
  const auto stride = row_stride(a);
  std::vector<Arg> args{range(0, rows), write(out), size(*row_stride(out))};
  if (stride) args.insert(args.end(), {read(a), size(*stride)});
  else args.push_back(StridedArg{a, Access::read});
  args.insert(args.end(), {read(packed), size(n), size(k), std::move(epilogue)});
  const char* const header = has_rounded_weights(l) ? "kernels/cpu/gemm_bf16.hpp" : stride ? "kernels/cpu/gemm.hpp" : "kernels/cpu/gemm_strided.hpp";
  Call& c = l.fast("cpu::gemm", header, std::move(args));
  c.flops = Dim(2) * rows * n * k;
  if (stride && !has_rounded_weights(l) && pays_without_zeros(l, w, rows)) leave_out_zeros(l, c, input, w);
  return c;
}

bool contiguous(const Operand& v, std::size_t d) { return v.strides[d].is(1) || v.shape[d].is(1); }

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
