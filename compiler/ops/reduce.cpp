#include "compiler/ops/reduce.hpp"

#include <algorithm>

#include "compiler/ops/content.hpp"

namespace inferc::reduction {

std::vector<bool> reduced(const Node& node, int rank, const std::optional<std::vector<std::int64_t>>& axes) {
  const bool none = !axes || axes->empty();
  std::vector<bool> out(static_cast<std::size_t>(rank), none && node.attr_int("noop_with_empty_axes", 0) == 0);
  if (!none)
    for (const std::int64_t a : *axes) out[from_front(a, rank)] = true;
  return out;
}

namespace {

// Axes that are read at run time.
void infer_declared(Infer& i, bool keep) {
  auto out = i.declared(1);
  if (!out) return;
  const std::size_t rank = i.shape(0).size();
  if (keep ? out->size() != rank : out->size() > rank) content::refuse_declared(i, *out);
  i.out(0, i.dtype(0), std::move(*out));
}

}  // namespace

void infer(Infer& i) {
  std::optional<std::vector<std::int64_t>> axes;
  const bool keep = i.node.attr_int("keepdims", 1) != 0;
  if (!i.known(1)) return infer_declared(i, keep);
  if (i.has(1)) {
    axes = i.integers(1);
    if (!axes) return;
    for (const std::int64_t a : *axes)
      if (!i.axis(a, i.rank(0))) return;
  }
  const std::vector<bool> gone = reduced(i.node, i.rank(0), axes);
  Shape out;
  for (std::size_t d = 0; d < gone.size(); ++d) {
    if (!gone[d]) out.push_back(i.shape(0)[d]);
    else if (keep) out.emplace_back(1);
  }
  i.out(0, i.dtype(0), std::move(out));
}

Operand keep_dims(const Operand& out, const std::vector<bool>& reduced) {
  if (out.shape.size() == reduced.size()) return out;
  Operand kept = out;
  for (std::size_t d = 0; d < reduced.size(); ++d) {
    if (!reduced[d]) continue;
    kept.shape.insert(kept.shape.begin() + static_cast<std::ptrdiff_t>(d), Dim(1));
    kept.strides.insert(kept.strides.begin() + static_cast<std::ptrdiff_t>(d), Dim(0));
  }
  return kept;
}

namespace {

std::vector<bool> reduced_dims(const Lower& l) {
  std::optional<std::vector<std::int64_t>> axes;
  if (l.has(1)) {
    axes.emplace();
    for (const Dim& d : l.content(1)) axes->push_back(*d.constant());
  }
  return reduced(l.node, l.type(0).rank(), axes);
}

struct Fast {
  std::string_view op, functor;
};
constexpr Fast fast_kernels[] = {
    {"ReduceSum", "cpu::reduce_sum"},       {"ReduceMean", "cpu::reduce_mean"}, {"ReduceMax", "cpu::reduce_max"}, {"ReduceMin", "cpu::reduce_min"},
    {"ReduceProd", "cpu::reduce_prod"},     {"ReduceL1", "cpu::reduce_l1"},     {"ReduceL2", "cpu::reduce_l2"},   {"ReduceSumSquare", "cpu::reduce_sum_square"},
    {"ReduceLogSum", "cpu::reduce_log_sum"}};

// [outer, axis, inner] when the reduced dims are neighbours (dims of size 1 aside).
std::optional<Split> one_axis(const Shape& shape, const std::vector<bool>& gone) {
  Split s{Dim(1), Dim(1), Dim(1)};
  bool started = false, ended = false;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d].is(1)) continue;
    if (gone[d] && ended) return std::nullopt;
    started |= gone[d];
    ended |= started && !gone[d];
    Dim& part = gone[d] ? s.axis : ended ? s.inner : s.outer;
    part = part * shape[d];
  }
  return s;
}

// Reduction of float32 along one axis.
bool lower_fast(Lower& l) {
  const auto kernel = std::find_if(std::begin(fast_kernels), std::end(fast_kernels), [&](const Fast& f) { return f.op == l.node.op; });
  if (kernel == std::end(fast_kernels) || l.type(0).dtype != DType::float32) return false;
  if (!l.known(1)) return false;
  const std::vector<bool> gone = reduced_dims(l);
  const auto s = one_axis(l.shape(0), gone);
  if (!s) return false;
  const bool rows = s->inner.is(1), last_only = rows && !gone.empty() && gone.back() && s->axis == l.shape(0).back();
  const Operand in = last_only ? l.in_rows(0) : l.in_dense(0);
  std::vector<Arg> args{RangeArg{Dim(0), s->outer, true}, write(l.out_dense()), read(in)};
  if (rows) args.push_back(runtime_size(last_only ? *row_stride(in) : s->axis));
  args.push_back(rows && s->axis.is_constant() && *s->axis.constant() <= 256 ? size(s->axis) : runtime_size(s->axis));
  if (!rows) args.push_back(runtime_size(s->inner));
  args.push_back(EpilogueArg{});
  Call& c = l.fast(rows ? "cpu::reduce_rows" : "cpu::reduce_columns", "kernels/cpu/reduce.hpp", std::move(args));
  c.template_args = {std::string(kernel->functor)};
  c.flops = product(l.shape(0));
  return true;
}

}  // namespace

Operand keep_dims(Lower& l) { return keep_dims(l.out(), reduced_dims(l)); }

void lower_given(Lower& l, const std::string& functor, HostKernel kernel) {
  const Shape& to = l.out_type().shape;
  const Arg count = runtime_size(product(l.shape(1))), rank = runtime_size(Dim(l.type(0).rank())), out_rank = runtime_size(Dim(l.out_type().rank()));
  const Arg keep = flag(l.node.attr_int("keepdims", 1) != 0), noop = flag(l.node.attr_int("noop_with_empty_axes", 0) != 0);
  l.guard("ref::reduce_fits", host(&ref::reduce_fits<std::int64_t>),
          {read(l.in_dense(1)), count, guarded_shape(l.shape(0)), rank, guarded_shape(to), out_rank, keep, noop});
  Call& c = l.reference("ref::reduce_given", "kernels/ref/reduce_given.hpp", std::move(kernel),
                        {write(l.out_dense()), read_view(l.in(0)), read(l.in_dense(1)), count, rank, guarded_shape(to), out_rank, keep, noop});
  c.template_args = {functor};
  c.may_fault = true;
  c.flops = product(l.shape(0));
}

Op op(std::string_view name, TypeSet types, void (*lower)(Lower&), std::string_view versions) {
  return {.name = name,
          .inputs = {{"data", types}, {"axes", types::int64, Port::Arity::optional}},
          .attributes = {{"keepdims", AttributeKind::integer}, {"noop_with_empty_axes", AttributeKind::integer}},
          .infer = infer,
          .lower = lower,
          .lower_fast = lower_fast,
          .versions = versions};
}

}  // namespace inferc::reduction
