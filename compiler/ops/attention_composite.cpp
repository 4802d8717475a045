#include "compiler/ops/op.hpp"
#include "kernels/ref/scaled_attention.hpp"

namespace inferc::op_AttentionComposite {
namespace {

// q, k, v: [batch, heads, length, size]; the mask broadcasts to [batch, heads, queries, keys].
void infer(Infer& i) {
  for (std::size_t p = 0; p < (i.has(3) ? 4u : 3u); ++p)
    if (i.rank(p) != 4) {
      i.fail("an operand is not of rank 4");
      return;
    }
  const Shape &q = i.shape(0), &k = i.shape(1), &v = i.shape(2);
  const Dim batch = i.unify(i.unify(q[0], k[0]), v[0]), heads = i.unify(i.unify(q[1], k[1]), v[1]);
  static_cast<void>(i.unify(q[3], k[3]));
  const Dim keys = i.unify(k[2], v[2]);
  if (i.has(3)) static_cast<void>(i.broadcast(i.shape(3), {batch, heads, q[2], keys}));
  if (!i.failed()) i.out(0, i.dtype(0), {batch, heads, q[2], v[3]});
}

float scale(const Lower& l) { return l.node.attr("scale", 1.0f); }
bool nan_to_zero(const Lower& l) { return l.node.attr_int("zero_masked_rows", 0) != 0; }
Dim flops(const Lower& l) {
  const Shape &k = l.shape(1), &out = l.out_type().shape;
  return Dim(2) * out[0] * out[1] * out[2] * k[2] * (k[3] + out[3]);
}
Shape scores_shape(const Lower& l) {
  const Shape& q = l.shape(0);
  return {q[0], q[1], q[2], l.shape(1)[2]};
}

void lower(Lower& l) {
  const DType type = l.type(0).dtype;
  const HostKernel kernel = by_dtype(type, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::scaled_attention<T, max_rank>); });
  const Operand mask = l.has(3) ? l.in(3) : l.weight(Tensor(type, {1, 1, 1, 1}));
  l.reference("ref::scaled_attention", "kernels/ref/scaled_attention.hpp", kernel,
              {write_view(l.out()), read_view(l.in(0)), read_view(l.in(1)), read_view(l.in(2)), read_view(broadcast_view(mask, scores_shape(l))),
               write(l.temporary(type, {Dim(2) * l.shape(1)[2]})), real64(scale(l)), flag(l.has(3)), flag(nan_to_zero(l))})
      .flops = flops(l);
}

// The operand with its last dim contiguous, its rows forwards.
Operand rows(Lower& l, const Operand& v) { return (v.strides[3].is(1) || v.shape[3].is(1)) && !runs_backwards(v.strides[2]) ? v : l.dense(v); }

// The values of a head, each query's product reads all of them: many rows far apart would share few sets of the first cache.
Operand values(Lower& l, const Operand& v) {
  constexpr std::int64_t many = 512, far = 128;  // rows; elements, eight lines
  const bool spread = v.strides[2].constant().value_or(0) >= far && l.symbols().bounds(v.shape[2]).upper >= many;
  return spread ? l.dense(v) : rows(l, v);
}

bool lower_fast(Lower& l) {
  if (l.type(0).dtype != DType::float32) return false;
  const Operand q = rows(l, l.in(0)), k = rows(l, l.in(1)), v = values(l, l.in(2)), place = l.out();
  const Operand out = place.strides[3].is(1) ? place : l.out_dense();
  const Dim batch = out.shape[0], heads = out.shape[1], queries = q.shape[2], keys = k.shape[2], d = k.shape[3];
  // As attention_scratch of kernels/cpu/attention.hpp.
  const Operand scratch = l.temporary(DType::float32, {floor_div(keys + 15, 16) * 16 * (d + 24)});
  std::vector<Arg> args{range(0, batch * heads), write(out), size(out.strides[2]), read(q), size(q.strides[2]), read(k),
                        size(k.strides[2]),      read(v),    size(v.strides[2])};
  const SizesArg strides{{out.strides[0], out.strides[1], q.strides[0], q.strides[1], k.strides[0], k.strides[1], v.strides[0], v.strides[1]}};
  std::optional<Operand> mask;
  if (l.has(3)) {
    const Operand given = l.in(3);
    const bool whole = given.shape[3] == keys && (given.strides[3].is(1) || keys.is(1));
    mask = broadcast_view(whole ? given : l.dense(broadcast_view(given, {given.shape[0], given.shape[1], given.shape[2], keys})), scores_shape(l));
  }
  args.push_back(mask ? read(*mask) : Arg(TypeArg{"cpu::NoMask{}"}));
  const std::size_t at_scratch = args.size();
  args.insert(args.end(), {write(scratch), runtime_size(heads), size(queries), size(keys), size(d), size(v.shape[3]), real(scale(l)), strides});
  if (mask) args.push_back(SizesArg{{mask->strides[0], mask->strides[1], mask->strides[2]}});
  args.push_back(flag(nan_to_zero(l)));
  Call& c = l.fast(mask ? "cpu::attention_masked" : "cpu::attention", "kernels/cpu/attention.hpp", std::move(args));
  c.flops = flops(l);
  c.worker_scratch = at_scratch;
  return true;
}

}  // namespace

extern const Op op = {.name = "Attention",
                      .domain = "inferc",
                      .inputs = {{"q", types::floats, Port::Arity::required, 'T'},
                                 {"k", types::floats, Port::Arity::required, 'T'},
                                 {"v", types::floats, Port::Arity::required, 'T'},
                                 {"mask", types::floats, Port::Arity::optional, 'T'}},
                      .attributes = {{"scale", AttributeKind::real}, {"zero_masked_rows", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast};

}  // namespace inferc::op_AttentionComposite
