#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"

namespace inferc::op_MicrosoftRotaryEmbedding {
namespace {

// Stated, or as many as the caches have room for.
std::int64_t heads_of(const Node& n) {
  const Shape &x = n.in(0)->type->shape, &cache = n.in(2)->type->shape;
  const std::int64_t stated = n.attr_int("num_heads", 0);
  if (stated != 0 || x.size() != 3 || !x[2].is_constant() || !cache[1].is_constant()) return stated;
  return *x[2].constant() / std::max<std::int64_t>(2 * *cache[1].constant(), 1);
}

void infer(Infer& i) {
  if (i.node.attr_int("is_packed_batching", 0) != 0) i.fail("is_packed_batching is not supported", "export it without");
  if (const float scale = i.node.attr("scale", 1.0f); scale != 1.0f) i.fail(fmt::format("scale {} is not supported", scale), "scale the caches");
  if (i.rank(1) != 2) i.fail(fmt::format("position_ids is {}, [batch, sequence] is supported", text(i.type(1))), "give every position");
  else if (i.rank(2) != 2 || i.rank(3) != 2) i.fail(fmt::format("the caches have ranks {} and {}, 2 is defined", i.rank(2), i.rank(3)));
}

bool expand(Expand& e) {
  Attributes attributes = microsoft::kept(e.node, {"interleaved", "rotary_embedding_dim"});
  if (e.type(0).rank() == 3) attributes["num_heads"] = heads_of(e.node);
  e.give(0, e("RotaryEmbedding", {e.in(0), e.in(2), e.in(3), e.in(1)}, std::move(attributes)));
  return true;
}

}  // namespace

extern const Op op = {.name = "RotaryEmbedding",
                      .domain = "com.microsoft",
                      .inputs = {{"input", TypeSet{DType::float32}},
                                 {"position_ids", types::int64},
                                 {"cos_cache", TypeSet{DType::float32}},
                                 {"sin_cache", TypeSet{DType::float32}}},
                      .attributes = {{"interleaved", AttributeKind::integer},
                                     {"is_packed_batching", AttributeKind::integer},
                                     {"num_heads", AttributeKind::integer},
                                     {"rotary_embedding_dim", AttributeKind::integer},
                                     {"scale", AttributeKind::real}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_MicrosoftRotaryEmbedding
