#include "kernels/ref/attention.hpp"

#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/heads.hpp"
#include "compiler/ops/indices.hpp"

namespace inferc::op_Attention {
namespace {

enum : std::size_t { query, key, value, mask, past_key, past_value, kv_lengths };

bool check_heads(Infer& i, const Shape& q, const Shape& k, const Shape& v) {
  static_cast<void>(i.unify(q[0], k[0]));
  static_cast<void>(i.unify(k[0], v[0]));
  static_cast<void>(i.unify(k[1], v[1]));
  static_cast<void>(i.unify(k[2], v[2]));
  static_cast<void>(i.unify(q[3], k[3]));
  if (i.failed()) return false;
  return divided(q[1], k[1]) || i.fail(fmt::format("{} heads of Q are no multiple of {} heads of K", q[1].text(), k[1].text()));
}

bool check_attributes(Infer& i) {
  const std::int64_t stage = i.node.attr_int("qk_matmul_output_mode", 0), precision = i.node.attr_int("softmax_precision", 0);
  if (stage < 0 || stage > 3) return i.fail(fmt::format("qk_matmul_output_mode {} is not defined", stage));
  // A softmax in the type of Q is at least as precise as float16, bfloat16 or that type itself.
  if (precision == static_cast<std::int64_t>(DType::float64) && i.dtype(query) == DType::float32)
    return i.fail("softmax_precision float64 is not supported for float32 operands", "leave the attribute out, or export in float64");
  return true;
}

bool check_past(Infer& i, std::size_t input, const Shape& now) {
  if (i.rank(input) != 4) return i.fail(fmt::format("the past has rank {}, 4 is defined", i.rank(input)));
  for (const std::size_t d : {0u, 1u, 3u}) static_cast<void>(i.unify(i.shape(input)[d], now[d]));
  return !i.failed();
}

// The mask broadcasts to [batch, heads, rows, keys]; from opset 24 on its last axis may be shorter.
bool check_mask(Infer& i, const Shape& scores) {
  if (!i.has(mask)) return true;
  if (i.dtype(mask) != DType::boolean && i.dtype(mask) != i.dtype(query))
    return i.fail(fmt::format("attn_mask is {}, bool or the type of Q is supported", name(i.dtype(mask))));
  const Shape& m = i.shape(mask);
  if (m.empty() || m.size() > 4) return i.fail(fmt::format("attn_mask has rank {}, 1 to 4 is defined", m.size()));
  for (std::size_t d = 0; d + 1 < m.size(); ++d)
    if (!m[d].is(1)) static_cast<void>(i.unify(m[d], scores[4 - m.size() + d]));
  if (!m.back().is(1) && !indices::at_most(i, m.back(), scores[3]))
    return i.fail(fmt::format("attn_mask has {} columns for {} keys", m.back().text(), scores[3].text()));
  if (!m.back().is(1) && i.node.opset == 23) static_cast<void>(i.unify(m.back(), scores[3]));
  return !i.failed();
}

void infer(Infer& i) {
  const auto q = heads_shape(i, query, "q_num_heads"), k = heads_shape(i, key, "kv_num_heads"), v = heads_shape(i, value, "kv_num_heads");
  if (!q || !k || !v || !check_heads(i, *q, *k, *v) || !check_attributes(i)) return;
  if (i.has(past_key) != i.has(past_value)) {
    i.fail("past_key and past_value must be given together");
    return;
  }
  Dim keys = (*k)[2];
  if (i.has(past_key)) {
    if (!check_past(i, past_key, *k) || !check_past(i, past_value, *v)) return;
    keys = keys + i.unify(i.shape(past_key)[2], i.shape(past_value)[2]);
    if (i.failed()) return;
  }
  const Shape scores{(*q)[0], (*q)[1], (*q)[2], keys};
  if (!check_mask(i, scores)) return;
  if (i.has(kv_lengths)) static_cast<void>(i.unify(i.shape(kv_lengths)[0], (*q)[0]));
  if (!(*q)[3].is_constant() && i.node.attributes.find("scale") == i.node.attributes.end()) {
    i.fail(fmt::format("the head size {} is symbolic and attribute 'scale' is absent", (*q)[3].text()), "fix the symbol with --dim SYM=N");
    return;
  }
  const Dim width = (*v)[3];
  i.out(0, i.dtype(0), i.rank(query) == 3 ? Shape{(*q)[0], (*q)[2], (*q)[1] * width} : Shape{(*q)[0], (*q)[1], (*q)[2], width});
  i.out(1, i.dtype(0), {(*k)[0], (*k)[1], keys, (*k)[3]});
  i.out(2, i.dtype(0), {(*v)[0], (*v)[1], keys, width});
  i.out(3, i.dtype(0), scores);
}

// The keys (or values) with the past before them; in the output `present` if it is wanted.
Operand with_past(Lower& l, const Operand& now, std::size_t past, std::size_t present) {
  if (!l.has(past) && !l.node.out(present)) return now;
  const Dim before = l.has(past) ? l.shape(past)[2] : Dim(0);
  Shape shape = now.shape;
  shape[2] = before + shape[2];
  const Operand all = l.node.out(present) ? l.out(present) : l.temporary(now.dtype, shape);
  if (l.has(past)) l.copy(slice_view(all, 2, 0, before), l.in(past));
  l.copy(slice_view(all, 2, before, now.shape[2]), now);
  return all;
}

Operand mask_view(Lower& l, const Shape& scores) {
  const Operand m = l.in(mask);
  Shape shape = scores;
  shape[3] = m.shape.back();
  if (m.shape.back().is(1) && !scores[3].is(1)) shape[3] = scores[3];
  return broadcast_view(m, shape);
}

template <class T, class Mask>
HostKernel by_lengths(const Lower& l) {
  return l.has(kv_lengths) ? host(&ref::attention<T, Mask, const std::int64_t*, max_rank>) : host(&ref::attention<T, Mask, ref::AllTokens, max_rank>);
}

HostKernel host_kernel(const Lower& l) {
  return by_dtype(l.type(query).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    if (!l.has(mask)) return by_lengths<T, ref::NoMask>(l);
    return l.type(mask).dtype == DType::boolean ? by_lengths<T, View<const bool, max_rank>>(l) : by_lengths<T, View<const T, max_rank>>(l);
  });
}

void lower(Lower& l) {
  const Node& n = l.node;
  const std::int64_t q_heads = n.attr_int("q_num_heads", 0), kv_heads = n.attr_int("kv_num_heads", 0);
  const Operand q = heads_view(l, l.in(query), q_heads);
  const Operand k = with_past(l, heads_view(l, l.in(key), kv_heads), past_key, 1);
  const Operand v = with_past(l, heads_view(l, l.in(value), kv_heads), past_value, 2);
  const Dim keys = k.shape[2];
  const Shape scores{q.shape[0], q.shape[1], q.shape[2], keys};
  const Operand qk = n.out(3) ? l.out(3) : broadcast_view(l.temporary(q.dtype, {keys}), scores);
  const Operand y = heads_view(l, l.out_dense(), q_heads);
  const double head_size = q.shape[3].is_constant() ? static_cast<double>(*q.shape[3].constant()) : 1;
  const double scale = n.attr("scale", static_cast<float>(1 / std::sqrt(head_size)));
  const Dim past = l.has(past_key) ? l.shape(past_key)[2] : Dim(0);
  l.reference("ref::attention", "kernels/ref/attention.hpp", host_kernel(l),
              {write_view(y), write_view(qk), write(l.temporary(q.dtype, {keys})), read_view(q), read_view(k), read_view(v),
               l.has(mask) ? read_view(mask_view(l, scores)) : Arg(TypeArg{"ref::NoMask{}"}),
               l.has(kv_lengths) ? read(l.in_dense(kv_lengths)) : Arg(TypeArg{"ref::AllTokens{}"}), real64(scale), real64(n.attr("softcap", 0.0f)),
               flag(n.attr_int("is_causal", 0) != 0), runtime_size(past), integer(n.attr_int("qk_matmul_output_mode", 0))})
      .flops = Dim(2) * product(scores) * (q.shape[3] + v.shape[3]);
}

}  // namespace

extern const Op op = {.name = "Attention",
                      .inputs = {{"Q", types::floats, Port::Arity::required, 'T'},
                                 {"K", types::floats, Port::Arity::required, 'T'},
                                 {"V", types::floats, Port::Arity::required, 'T'},
                                 {"attn_mask", types::floats | types::boolean, Port::Arity::optional},
                                 {"past_key", types::floats, Port::Arity::optional, 'T'},
                                 {"past_value", types::floats, Port::Arity::optional, 'T'},
                                 {"nonpad_kv_seqlen", types::int64, Port::Arity::optional}},
                      .max_outputs = 4,
                      .attributes = {{"is_causal", AttributeKind::integer},
                                     {"kv_num_heads", AttributeKind::integer},
                                     {"q_num_heads", AttributeKind::integer},
                                     {"qk_matmul_output_mode", AttributeKind::integer},
                                     {"scale", AttributeKind::real},
                                     {"softcap", AttributeKind::real},
                                     {"softmax_precision", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "23, 24"};

}  // namespace inferc::op_Attention
