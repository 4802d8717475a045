#include "kernels/ref/linear_attention.hpp"

#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_LinearAttention {
namespace {

enum : std::size_t { query, key, value, past_state, decay, beta };

std::string rule(const Node& n) { return n.attr("update_rule", std::string("gated_delta")); }
bool gated(const Node& n) { return rule(n).starts_with("gated"); }
bool delta(const Node& n) { return rule(n).ends_with("delta"); }

bool check_operands(Infer& i) {
  const std::string r = rule(i.node);
  if (r != "linear" && r != "gated" && r != "delta" && r != "gated_delta")
    return i.fail(fmt::format("update_rule '{}' is not defined", escape(r)), "linear, gated, delta and gated_delta are");
  if (i.has(decay) != gated(i.node) || i.has(beta) != delta(i.node))
    return i.fail(fmt::format("update_rule '{}' takes {} decay and {} beta", r, gated(i.node) ? "a" : "no", delta(i.node) ? "a" : "no"));
  for (const std::size_t k : {query, key, value, decay, beta}) {
    if (!i.has(k)) continue;
    if (i.rank(k) != 3) return i.fail(fmt::format("input {} is {}, its rank must be 3", k, text(i.type(k))));
    for (const std::size_t d : {0u, 1u}) static_cast<void>(i.unify(i.shape(k)[d], i.shape(query)[d]));
  }
  return !i.failed();
}

std::optional<Dim> head_size(Infer& i, std::size_t input, std::int64_t heads) {
  const auto size = divided(i.shape(input)[2], heads);
  if (!size) i.fail(fmt::format("input {} is {}: its last axis does not divide into {} heads", input, text(i.type(input)), heads));
  return size;
}

bool check_widths(Infer& i, std::int64_t heads, const Dim& key_size) {
  if (i.has(decay) && i.shape(decay)[2] != Dim(heads) && i.shape(decay)[2] != Dim(heads) * key_size)
    return i.fail(fmt::format("decay is {}, its last axis must be {} or {}", text(i.type(decay)), heads, (Dim(heads) * key_size).text()));
  if (i.has(beta) && i.shape(beta)[2] != Dim(heads) && !i.shape(beta)[2].is(1))
    return i.fail(fmt::format("beta is {}, its last axis must be {} or 1", text(i.type(beta)), heads));
  return true;
}

void infer(Infer& i) {
  const std::int64_t q_heads = i.node.attr_int("q_num_heads", 0), kv_heads = i.node.attr_int("kv_num_heads", 0);
  if (q_heads <= 0 || kv_heads <= 0 || q_heads % kv_heads != 0) {
    i.fail(fmt::format("q_num_heads is {} and kv_num_heads is {}", q_heads, kv_heads), "the first must be a positive multiple of the second");
    return;
  }
  if (!check_operands(i)) return;
  const auto k = head_size(i, key, kv_heads), v = head_size(i, value, kv_heads), q = head_size(i, query, q_heads);
  if (!k || !v || !q) return;
  static_cast<void>(i.unify(*q, *k));
  if (!check_widths(i, kv_heads, *k)) return;
  const Shape state{i.shape(query)[0], Dim(kv_heads), *k, *v};
  if (i.has(past_state) && i.rank(past_state) != 4) i.fail(fmt::format("past_state is {}, its rank must be 4", text(i.type(past_state))));
  for (std::size_t d = 0; !i.failed() && i.has(past_state) && d < 4; ++d) static_cast<void>(i.unify(i.shape(past_state)[d], state[d]));
  if (!k->is_constant() && i.node.attr("scale", 0.0f) == 0.0f)
    i.fail(fmt::format("the head size {} is symbolic and attribute 'scale' is absent", k->text()), "fix the symbol with --dim SYM=N");
  i.out(0, i.dtype(0), {i.shape(query)[0], i.shape(query)[1], Dim(q_heads) * *v});
  i.out(1, i.dtype(0), state);
}

Arg optional_read(Lower& l, std::size_t k) { return l.has(k) ? read(l.in_dense(k)) : Arg(TypeArg{"ref::Constantly<0>{}"}); }

HostKernel host_kernel(const Lower& l) {
  using None = ref::Constantly<0>;
  return by_dtype(l.type(0).dtype, FloatTypes{}, [&]<class T>(std::type_identity<T>) {
    const auto with = [&]<class Decay, class Beta>(std::type_identity<Decay>, std::type_identity<Beta>) {
      return l.has(past_state) ? host(&ref::linear_attention<T, const T*, Decay, Beta>) : host(&ref::linear_attention<T, None, Decay, Beta>);
    };
    const std::type_identity<const T*> given{};
    const std::type_identity<None> none{};
    if (l.has(decay)) return l.has(beta) ? with(given, given) : with(given, none);
    return l.has(beta) ? with(none, given) : with(none, none);
  });
}

void lower(Lower& l) {
  const Node& n = l.node;
  const Shape& q = l.shape(query);
  const std::int64_t q_heads = n.attr_int("q_num_heads", 1), kv_heads = n.attr_int("kv_num_heads", 1);
  const Dim key_size = *divided(l.shape(key)[2], kv_heads), value_size = *divided(l.shape(value)[2], kv_heads);
  const double stated = static_cast<double>(n.attr("scale", 0.0f));
  const double scale = stated != 0 ? stated : 1 / std::sqrt(static_cast<double>(*key_size.constant()));
  const Operand state = n.out(1) ? l.out_dense(1) : l.temporary(l.type(0).dtype, {q[0], Dim(kv_heads), key_size, value_size});
  l.reference("ref::linear_attention", "kernels/ref/linear_attention.hpp", host_kernel(l),
              {write(l.out_dense()), write(state), read(l.in_dense(query)), read(l.in_dense(key)), read(l.in_dense(value)), optional_read(l, past_state),
               optional_read(l, decay), optional_read(l, beta),
               SizesArg{{q[0], q[1], Dim(q_heads), Dim(kv_heads), key_size, value_size, l.has(decay) ? l.shape(decay)[2] : Dim(0),
                         l.has(beta) ? l.shape(beta)[2] : Dim(0)}},
               real64(scale), flag(gated(n)), flag(delta(n))})
      .flops = Dim(6) * product(q) * value_size;
}

constexpr auto optional = Port::Arity::optional;
constexpr auto required = Port::Arity::required;

}  // namespace

extern const Op op = {.name = "LinearAttention",
                      .inputs = {{"query", types::floats, required, 'T'},
                                 {"key", types::floats, required, 'T'},
                                 {"value", types::floats, required, 'T'},
                                 {"past_state", types::floats, optional, 'T'},
                                 {"decay", types::floats, optional, 'T'},
                                 {"beta", types::floats, optional, 'T'}},
                      .max_outputs = 2,
                      .attributes = {{"chunk_size", AttributeKind::integer},
                                     {"kv_num_heads", AttributeKind::integer},
                                     {"q_num_heads", AttributeKind::integer},
                                     {"scale", AttributeKind::real},
                                     {"update_rule", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "27"};

}  // namespace inferc::op_LinearAttention
