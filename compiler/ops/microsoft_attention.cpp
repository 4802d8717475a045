#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"

namespace inferc::op_MicrosoftAttention {
namespace {

constexpr std::size_t mask_index = 3, attention_bias = 5;

// The columns of query, key and value.
std::vector<std::int64_t> sizes_of(const Node& n) {
  const std::int64_t third = n.in(1)->type->shape[1].constant().value_or(0) / 3;
  return n.attr("qkv_hidden_sizes", std::vector<std::int64_t>{third, third, third});
}

void infer(Infer& i) {
  if (i.rank(0) != 3 || i.rank(1) != 2 || !i.shape(1)[1].is_constant()) {
    i.fail(fmt::format("input is {} and weights {}, [batch, sequence, size] and [size, a constant] are supported", text(i.type(0)), text(i.type(1))));
    return;
  }
  const std::vector<std::int64_t> sizes = sizes_of(i.node);
  if (sizes.size() != 3 || !i.shape(1)[1].is(sizes[0] + sizes[1] + sizes[2])) i.fail("qkv_hidden_sizes and the columns of the weights differ");
  if (i.node.attr_int("unidirectional", 0) != 0 || i.node.attr_int("do_rotary", 0) != 0)
    i.fail("unidirectional and do_rotary are not supported", "export it with attention_bias");
  if (i.has(mask_index) && i.rank(mask_index) != 2)
    i.fail(fmt::format("mask_index is {}, [batch, keys] is supported", text(i.type(mask_index))), "export it with a mask of all keys");
  if (i.has(4) || i.has(6) || is_read(i.node, 1)) i.fail("a cache of keys and values is not supported");
}

// What is added to the scores: where the mask says no, mask_filter_value.
Value* added(Expand& e) {
  Value* bias = e.has(attention_bias) ? e.in(attention_bias) : nullptr;
  if (!e.has(mask_index)) return bias;
  const DType t = e.type(0).dtype;
  Value* masked = e("LessOrEqual", {e.in(mask_index), e.cast(e.integers({0}), DType::int32)});
  Value* filter = e("Mul", {e.cast(masked, t), e.real(static_cast<double>(e.node.attr("mask_filter_value", -10000.0f)), t)});
  filter = e("Unsqueeze", {filter, e.integers({1, 2})});
  return bias ? e("Add", {bias, filter}) : filter;
}

bool expand(Expand& e) {
  Value* all = e("MatMul", {e.in(0), e.in(1)});
  if (e.has(2)) all = e("Add", {all, e.in(2)});
  const std::vector<Value*> part = e.several("Split", {all, e.integers(sizes_of(e.node))}, 3, {{"axis", std::int64_t{2}}});
  e.give(0, e("MultiHeadAttention", {part[0], part[1], part[2], nullptr, nullptr, added(e)}, microsoft::kept(e.node, {"num_heads", "scale"}), "com.microsoft"));
  return true;
}

}  // namespace

extern const Op op = {.name = "Attention",
                      .domain = "com.microsoft",
                      .inputs = {{"input", types::floats, Port::Arity::required, 'T'},
                                 {"weights", types::floats, Port::Arity::required, 'T'},
                                 {"bias", types::floats, Port::Arity::optional, 'T'},
                                 {"mask_index", TypeSet{DType::int32}, Port::Arity::optional},
                                 {"past", types::floats, Port::Arity::optional, 'T'},
                                 {"attention_bias", types::floats, Port::Arity::optional, 'T'},
                                 {"past_sequence_length", TypeSet{DType::int32}, Port::Arity::optional}},
                      .max_outputs = 2,
                      .attributes = {{"do_rotary", AttributeKind::integer},
                                     {"mask_filter_value", AttributeKind::real},
                                     {"num_heads", AttributeKind::integer},
                                     {"past_present_share_buffer", AttributeKind::integer},
                                     {"qkv_hidden_sizes", AttributeKind::integers},
                                     {"rotary_embedding_dim", AttributeKind::integer},
                                     {"scale", AttributeKind::real},
                                     {"unidirectional", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MicrosoftAttention
