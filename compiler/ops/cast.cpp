#include <fmt/format.h>

#include "compiler/ops/conversion.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Cast {
namespace {

void infer(Infer& i) {
  const std::int64_t to = i.node.attr_int("to", 0);
  const auto dtype = dtype_from_onnx(static_cast<int>(to));
  if (!i.node.attributes.contains("to") || !dtype || !types::any.has(*dtype)) {
    i.fail(i.node.attributes.contains("to") ? fmt::format("casts to {} are not supported", dtype ? std::string(name(*dtype)) : fmt::format("type {}", to))
                                            : "attribute 'to' is missing");
    return;
  }
  conversion::infer(i, *dtype);
}

// Between float and bool, which are computed in vectors.
bool in_vectors(const Node& n) {
  const auto fits = [](DType d) { return d == DType::float32 || d == DType::boolean; };
  return n.in(0)->type && n.out()->type && fits(n.in(0)->type->dtype) && fits(n.out()->type->dtype);
}

}  // namespace

extern const Op op = {.name = "Cast",
                      .inputs = {{"input", types::any}},
                      .attributes = {{"to", AttributeKind::integer}, {"saturate", AttributeKind::integer}, {"round_mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = conversion::lower,
                      .lower_fast = conversion::lower_fast,
                      .elementwise = Elementwise{.functor = {}, .applies = in_vectors, .functor_of = conversion::functor},
                      .versions = "6, 9, 13, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Cast
