#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "kernels/cpu/quantized/pack.hpp"
#include "kernels/cpu/quantized/pack_blocks.hpp"
#include "kernels/cpu/quantized/windows.hpp"
#include "kernels/ref/fixed.hpp"

namespace inferc::op_FixedLinear {
namespace {

enum : std::size_t { x, w, table, steps };

void infer(Infer& i) {
  if (i.rank(x) < 1 || i.rank(w) != 2 || !i.node.in(w)->constant) {
    i.fail(fmt::format("its operands are {} and {}", text(i.type(x)), text(i.type(w))));
    return;
  }
  static_cast<void>(i.unify(i.shape(x).back(), i.shape(w)[0]));
  if (i.failed() || !fixed::check_steps(i, table, i.shape(w)[1])) return;
  Shape out = i.shape(x);
  out.back() = i.shape(w)[1];
  i.out(0, fixed::result_type(i.node), std::move(out));
}

Dim rows_of(const Shape& s) { return product({s.begin(), s.end() - 1}); }

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, fixed::ResultTypes{}, [&]<class O>(std::type_identity<O>) {
    return by_dtype(l.type(x).dtype, fixed::StoredTypes{}, []<class X>(std::type_identity<X>) { return host(&ref::fixed_linear<O, X>); });
  });
  const Shape& weights = l.shape(w);
  std::vector<Arg> args{write(l.out_dense()), read(l.in_dense(x)), read(l.in_dense(w))};
  fixed::append_steps(l, args, table);
  args.insert(args.end(), {runtime_size(rows_of(l.shape(x))), runtime_size(weights[1]), runtime_size(weights[0]), runtime_size(fixed::table_columns(l, table)),
                           fixed::unit(l.node)});
  Call& c = l.reference("ref::fixed_linear", "kernels/ref/fixed.hpp", kernel, std::move(args));
  c.flops = Dim(2) * product(l.out_type().shape) * weights[0];
  c.products = "reference";
}

// --- which instructions: by the ranges of data and weights

bool within(const Tensor& t, std::int32_t low, std::int32_t high) {
  const auto all = t.as<std::int32_t>();
  return std::all_of(all.begin(), all.end(), [&](std::int32_t v) { return v >= low && v <= high; });
}

bool is_byte(DType t) { return t == DType::int8 || t == DType::uint8; }

// Whether of `groups` groups of four inputs, one after the other, the products of each half of a group add up to no more than 16 bits
// hold, x taken as unsigned bytes: with the positive and with the negative weights alone.
bool fits_in_words(const Lower& l, std::size_t groups, std::int64_t times = 1) {
  const Tensor& weights = *l.constant(w);
  const std::int64_t most = l.node.attr_int("x_high", 255) + (l.type(x).dtype == DType::int8 ? 128 : 0);
  const auto k = static_cast<std::size_t>(weights.shape()[0]), n = static_cast<std::size_t>(weights.shape()[1]);
  for (std::size_t first = 0; first < k; first += 4 * groups)
    for (std::size_t half = 0; half < 4; half += 2)
      for (std::size_t j = 0; j < n; ++j) {
        std::int64_t low = 0, high = 0;
        for (std::size_t g = 0; g < groups; ++g)
          for (std::size_t i = first + 4 * g + half; i < std::min(k, first + 4 * g + half + 2); ++i) {
            const std::int64_t product = times * most * weights.as<std::int32_t>()[i * n + j];
            low += std::min<std::int64_t>(0, product), high += std::max<std::int64_t>(0, product);
          }
        if (low < INT16_MIN || high > INT16_MAX) return false;
      }
  return true;
}

// Whether sums of 16-bit data without sign stay within 32 bits with 32768 less in each term, too.
bool fits_with_offset(const Tensor& weights) {
  const auto n = static_cast<std::size_t>(weights.shape()[1]);
  std::vector<std::int64_t> total(n);
  for (std::size_t i = 0; i < weights.size(); ++i) total[i % n] += std::abs(static_cast<std::int64_t>(weights.as<std::int32_t>()[i]));
  return std::all_of(total.begin(), total.end(), [](std::int64_t v) { return v <= INT32_MAX >> 15; });
}

struct Kind {
  const char* name;
  std::size_t group;
  DType weight;
  bool packs_two = false;
};
// To unpack takes as long as it saves at 1 MiB of bytes (AVX2, one row: 0.8 of their speed at 256 KiB, 1.9 at 16 MiB). Sums are 16 times
// as large within 32 bits: 65,536 terms of 255 times 8.
bool pays_to_pack(const Tensor& weights) { return weights.size() > std::size_t{1} << 20 && weights.shape()[0] <= 65536; }

Kind kind_of(const Lower& l) {
  const DType t = l.type(x).dtype;
  const Tensor& weights = *l.constant(w);
  const bool is_words = within(weights, -32768, 32767) && (t != DType::uint16 || fits_with_offset(weights));
  if (fixed::is_wide(l.node) || t == DType::int32 || !is_words) return {"Wide", 1, DType::int32};
  if (!is_byte(t) || !within(weights, -128, 127)) return {"Words", 2, DType::int16};
  if (pays_to_pack(weights) && within(weights, -8, 7)) return {fits_in_words(l, 1, 16) ? "Nibbles<1>" : "Nibbles<0>", 4, DType::uint8, true};
  return {fits_in_words(l, 2) ? "Bytes<2>" : fits_in_words(l, 1) ? "Bytes<1>" : "Bytes<0>", 4, DType::int8};
}

template <class T>
Tensor packed(const Tensor& weights, std::size_t group) {
  const auto k = static_cast<std::size_t>(weights.shape()[0]), n = static_cast<std::size_t>(weights.shape()[1]);
  Tensor out(dtype_of<T>, {static_cast<std::int64_t>(cpu::quantized::packed_size(k, n, group))});
  cpu::quantized::pack_groups(out.as<T>().data(), weights.as<std::int32_t>().data(), k, n, group, n, std::size_t{1});
  return out;
}

Tensor halves(const Tensor& weights) {
  const auto k = static_cast<std::size_t>(weights.shape()[0]), n = static_cast<std::size_t>(weights.shape()[1]);
  Tensor out(DType::uint8, {static_cast<std::int64_t>(cpu::quantized::packed_nibbles_size(k, n))});
  cpu::quantized::pack_nibbles(out.as<std::uint8_t>().data(), weights.as<std::int32_t>().data(), k, n);
  return out;
}

Operand packed_weights(Lower& l, const Kind& kind) {
  const Tensor& weights = *l.constant(w);
  if (kind.packs_two) return l.weight(halves(weights), "panel16x8x4bits", w);
  Tensor t = kind.group == 4 ? packed<std::int8_t>(weights, 4) : kind.group == 2 ? packed<std::int16_t>(weights, 2) : packed<std::int32_t>(weights, 1);
  return l.weight(std::move(t), fmt::format("panel16x{}", kind.group), w);
}

// --- weights without their zeros

struct SparseWeights {
  std::vector<std::uint16_t> plan;
  std::vector<std::int8_t> steps;
};
SparseWeights without_zeros(const Tensor& weights) {
  SparseWeights out;
  cpu::quantized::pack_windows(weights.as<std::int32_t>().data(), static_cast<std::size_t>(weights.shape()[0]), static_cast<std::size_t>(weights.shape()[1]),
                               out.plan, out.steps);
  return out;
}

// By nanoseconds that AVX-512 takes for one row: a vector of dense weights (more from the second-level cache), a step of a panel, a panel.
// Measured, times as fast as dense: 256 x 256 with 80 % zeros 2.5, with 90 % 3.9; 64 x 32 1.3 and 1.55.
bool is_faster_sparse(const Tensor& weights, const SparseWeights& s) {
  const double bytes =
      static_cast<double>(cpu::quantized::packed_size(static_cast<std::size_t>(weights.shape()[0]), static_cast<std::size_t>(weights.shape()[1]), 4));
  const double panels = static_cast<double>((weights.shape()[1] + 15) / 16), steps = static_cast<double>(s.steps.size() / cpu::quantized::step_size);
  const double dense = bytes / 64 * (bytes > 32768 ? 0.35 : 0.31);
  const double sparse = 0.53 * steps + 0.9 * panels;
  return weights.shape()[0] >= 64 && weights.shape()[0] <= 4096 && dense >= 1.2 * sparse;
}

struct BlockWeights {
  std::vector<std::uint16_t> plan;
  std::vector<std::int32_t> values;
};
BlockWeights by_groups(const Tensor& weights) {
  BlockWeights out;
  const auto k = static_cast<std::size_t>(weights.shape()[0]), n = static_cast<std::size_t>(weights.shape()[1]);
  std::vector<std::int32_t> words(k / 4 * n);
  cpu::quantized::pack_blocks(
      weights.as<std::int32_t>().data(), k, n, words.data(), [&](std::size_t v) { out.plan.push_back(static_cast<std::uint16_t>(v)); },
      [&](std::int32_t v) { out.values.push_back(v); });
  return out;
}

// By nanoseconds that AVX-512 takes for a row of 64: dense 0.0045 for a byte; without zeros 0.03 for a group, 0.125 for a result, 0.03 for an
// input, where products of bytes have two units and the dense product gains most: 256 x 256 with 90 % of zeros is 1.27 times as fast without
// them, 64 x 64 with 95 % 0.96 times. With one unit a group takes 0.02 and a result 0.11; at 85 to 95 % of zeros:
//   k x n       64 x 32     64 x 64     128 x 128   256 x 256   512 x 512
//   85 %        1.1         1.15        1.35        1.45        1.5           times as fast as dense
//   90 %        1.3         1.4         1.7         1.9         1.9
//   95 %        1.5         1.7         2.5         3.0         3.2
// Other paths gain more: 256 x 256 with AVX2 1.9 to 2.5 at 90 %.
bool is_faster_by_groups(const Tensor& weights, std::size_t groups) {
  const auto k = static_cast<std::size_t>(weights.shape()[0]), n = static_cast<std::size_t>(weights.shape()[1]);
  const double dense = 0.0045 * static_cast<double>(cpu::quantized::packed_size(k, n, 4));
  const double sparse = 0.03 * static_cast<double>(groups) + 0.125 * static_cast<double>(n) + 0.03 * static_cast<double>(k);
  return dense >= 1.2 * sparse;
}

// Groups of four inputs stand together in rows that may be as many as make a block.
bool has_blocks(const Lower& l, const Operand& in) {
  const auto k = l.constant(w)->shape()[0];
  const auto stride = row_stride(in)->constant();
  return k > 0 && k % 4 == 0 && k / 4 <= static_cast<std::int64_t>(cpu::quantized::most_groups) && stride && *stride % 4 == 0 &&
         l.symbols().bounds(rows_of(l.shape(x))).upper >= static_cast<std::int64_t>(cpu::quantized::most_rows_of_blocks);
}

// What the kernel adds to each element of x: rows of bytes are unsigned there, rows of words signed.
std::int64_t offset_of(const Kind& kind, DType x) { return kind.group == 4 && x == DType::int8 ? 128 : kind.group == 2 && x == DType::uint16 ? -32768 : 0; }

// What an offset brings to each sum, negated.
std::vector<std::int64_t> correction(const Lower& l, std::int64_t offset) {
  const Tensor& weights = *l.constant(w);
  const auto n = static_cast<std::size_t>(weights.shape()[1]);
  std::vector<std::int64_t> out(n);
  for (std::size_t i = 0; i < weights.size(); ++i) out[i % n] -= offset * static_cast<std::int64_t>(weights.as<std::int32_t>()[i]);
  return out;
}

// The first step adds row 0 of the table (the pass writes it so): the correction joins it.
bool begins_with_row(const Lower& l) {
  const Tensor& s = *l.constant(steps);
  const auto all = s.as<std::int64_t>();
  return all.size() >= fixed::step_numbers && all[0] == static_cast<std::int64_t>(fixed::Step::add) && all[2] == 1 && all[3] == 0 &&
         l.shape(table)[1] == l.shape(w)[1];
}

// Whole blocks of rows, and a few rows, take the weights without zeros where these are worth it.
void leave_out_zeros(Lower& l, Call& c, const Operand& in) {
  const Tensor& weights = *l.constant(w);
  const SparseWeights few = without_zeros(weights);
  const BlockWeights many = has_blocks(l, in) ? by_groups(weights) : BlockWeights{};
  const bool for_many = has_blocks(l, in) && is_faster_by_groups(weights, many.values.size()), for_few = is_faster_sparse(weights, few);
  c.without_zeros = for_many ? (for_few ? Call::Rows::all : Call::Rows::many) : for_few ? Call::Rows::few : Call::Rows::none;
  if (for_few) c.kernel = "cpu::quantized::sparse_linear", c.header = "kernels/cpu/quantized/sparse.hpp";
  if (for_many) {
    c.kernel = "cpu::quantized::blocks_linear", c.header = "kernels/cpu/quantized/blocks.hpp";
    c.args.emplace_back(read(l.weight(tensor_of<std::uint16_t>({std::ssize(many.plan)}, many.plan), "runs of groups", w)));
    c.args.emplace_back(read(l.weight(tensor_of<std::int32_t>({std::ssize(many.values)}, many.values), "weights of groups", w)));
    c.args.emplace_back(
        write(l.temporary(DType::float32, {static_cast<std::int64_t>(cpu::quantized::blocks_scratch(static_cast<std::size_t>(weights.shape()[0])))})));
  }
  if (for_few) {
    c.args.emplace_back(read(l.weight(tensor_of<std::uint16_t>({std::ssize(few.plan)}, few.plan), "windows", w)));
    c.args.emplace_back(read(l.weight(tensor_of<std::int8_t>({std::ssize(few.steps)}, few.steps), "indices and weights", w)));
  }
}

bool lower_fast(Lower& l) {
  const Kind kind = kind_of(l);
  const std::int64_t offset = offset_of(kind, l.type(x).dtype);
  if (offset != 0 && !begins_with_row(l)) return false;
  const Operand out = l.out_rows(), in = l.in_rows(x);
  const Dim n = l.shape(w)[1], k = l.shape(w)[0];
  Call& c = l.fast("cpu::quantized::linear", "kernels/cpu/quantized/linear.hpp",
                   {range(0, rows_of(l.shape(x))), write(out), size(*row_stride(out)), read(in), size(*row_stride(in)), read(packed_weights(l, kind)),
                    read(fixed::packed_table(l, table, kind.group == 1, offset != 0 ? correction(l, offset) : std::vector<std::int64_t>{})), size(n), size(k)});
  if (kind.group == 4 && !kind.packs_two) leave_out_zeros(l, c, in);
  const fixed::Finish finish = fixed::finish(l.node, *l.constant(steps));
  c.template_args = {fmt::format("cpu::quantized::{}", kind.name), finish.steps, finish.result};
  c.products = kind.name;
  c.flops = Dim(2) * product(l.out_type().shape) * k;
  return true;
}

}  // namespace

// x[..., K] w[K, N], the sums through the steps. The elements of x are at most "x_high".
extern const Op op = {.name = "FixedLinear",
                      .domain = "inferc",
                      .inputs = {{"X", fixed::stored_types}, {"W", fixed::weight_types}, {"table", types::int64}, {"steps", types::int64}},
                      .attributes = fixed::attributes({{"x_high", AttributeKind::integer}}),
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_FixedLinear
