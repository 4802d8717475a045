#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/microsoft.hpp"

namespace inferc::op_MultiHeadAttention {
namespace {

constexpr std::size_t attention_bias = 5;

bool check_heads(Infer& i) {
  const std::int64_t heads = i.node.attr_int("num_heads", 0);
  for (std::size_t k = 0; k < 3; ++k) {
    if (!i.has(k) || i.rank(k) != 3 || !i.shape(k)[2].is_constant())
      return i.fail("query, key and value must be [batch, sequence, hidden] with a constant hidden size", "packed forms are not supported");
    if (heads < 1 || *i.shape(k)[2].constant() % heads != 0)
      return i.fail(fmt::format("{} heads do not divide a hidden size of {}", heads, i.shape(k)[2].text()),
                    "attribute 'num_heads' is the number of heads of query, key and value");
  }
  return i.node.attr_int("unidirectional", 0) == 0 || i.fail("unidirectional is not supported", "export it with attention_bias");
}

void infer(Infer& i) {
  if (!check_heads(i)) return;
  for (std::size_t k = 4; k < i.node.inputs.size(); ++k)
    if (i.has(k) && k != attention_bias) i.fail(fmt::format("input {} (a mask of keys, or of a cache) is not supported", k), "export it with attention_bias");
  for (std::size_t k = 1; k < i.node.outputs.size(); ++k)
    if (is_read(i.node, k)) i.fail("its outputs behind the first are not supported");
}

// Input k plus its part of the bias.
std::vector<Value*> projected(Expand& e) {
  std::vector<Value*> out{e.in(0), e.in(1), e.in(2)};
  if (!e.has(3)) return out;
  std::vector<std::int64_t> sizes;
  for (const Value* v : out) sizes.push_back(v->type->shape[2].constant().value());
  const std::vector<Value*> parts = e.several("Split", {e.in(3), e.integers(sizes)}, 3, {{"axis", std::int64_t{0}}});
  for (std::size_t k = 0; k < 3; ++k) out[k] = e("Add", {out[k], parts[k]});
  return out;
}

Value* heads_of(Expand& e, Value* v, std::int64_t heads, std::vector<std::int64_t> order) {
  return e("Transpose", {e("Reshape", {v, e.integers({0, 0, heads, -1})})}, {{"perm", std::move(order)}});
}

// softmax(scale Q K^T + attention_bias) V, head by head.
bool expand(Expand& e) {
  const std::int64_t heads = e.node.attr_int("num_heads", 1), size = e.type(0).shape[2].constant().value() / heads;
  const std::vector<Value*> in = projected(e);
  const float stated = e.node.attr("scale", 0.0f);  // 0: the default
  const double scale = stated != 0 ? static_cast<double>(stated) : 1 / std::sqrt(static_cast<double>(size));
  Value* scores = e("MatMul", {heads_of(e, in[0], heads, {0, 2, 1, 3}), heads_of(e, in[1], heads, {0, 2, 3, 1})});
  scores = e("Mul", {scores, e.real(scale, e.type(0).dtype)});
  if (e.has(attention_bias)) scores = e("Add", {scores, e.in(attention_bias)});
  Value* weights = e("Softmax", {scores}, {{"axis", std::int64_t{-1}}});
  Value* y = e("MatMul", {weights, heads_of(e, in[2], heads, {0, 2, 1, 3})});
  e.give(0, e("Reshape", {e("Transpose", {y}, {{"perm", std::vector<std::int64_t>{0, 2, 1, 3}}}), e.integers({0, 0, -1})}));
  return true;
}

}  // namespace

extern const Op op = {.name = "MultiHeadAttention",
                      .domain = "com.microsoft",
                      .inputs = {{"query", types::floats, Port::Arity::required, 'T'},
                                 {"key", types::floats, Port::Arity::optional, 'T'},
                                 {"value", types::floats, Port::Arity::optional, 'T'},
                                 {"bias", types::floats, Port::Arity::optional, 'T'},
                                 {"key_padding_mask", TypeSet{DType::int32}, Port::Arity::optional},
                                 {"attention_bias", types::floats, Port::Arity::optional, 'T'},
                                 {"past_key", types::floats, Port::Arity::optional, 'T'},
                                 {"past_value", types::floats, Port::Arity::optional, 'T'}},
                      .max_outputs = 3,
                      .attributes = {{"mask_filter_value", AttributeKind::real},
                                     {"num_heads", AttributeKind::integer},
                                     {"scale", AttributeKind::real},
                                     {"unidirectional", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MultiHeadAttention
