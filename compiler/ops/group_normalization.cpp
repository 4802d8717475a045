#include <fmt/format.h>

#include "compiler/ops/normalization.hpp"

namespace inferc::op_GroupNormalization {
namespace {

// Attribute per_group (from opset 18): scale and bias have one element per group, not per channel.
bool per_group(const Node& n) { return n.attr_int("per_group", 0) != 0; }

void infer(Infer& i) {
  const std::int64_t groups = i.node.attr_int("num_groups", 0);
  if (groups < 1) {
    i.fail("attribute 'num_groups' must be positive");
    return;
  }
  if (i.rank(0) < 2 || !normalization::check_stash_type(i)) {
    if (i.rank(0) < 2) i.fail(fmt::format("X has rank {}, at least 2 is defined", i.rank(0)));
    return;
  }
  const Dim channels = i.shape(0)[1];
  if (!divided(channels, groups)) {
    i.fail(fmt::format("{} channels do not divide into {} groups", channels.text(), groups));
    return;
  }
  for (std::size_t k = 1; k < 3; ++k) {
    if (i.rank(k) != 1) i.fail(fmt::format("input {} has rank {}, 1 is defined", k, i.rank(k)));
    else static_cast<void>(i.unify(i.shape(k)[0], per_group(i.node) ? Dim(groups) : channels));
    if (i.failed()) return;
  }
  i.out(0, i.dtype(0), i.shape(0));
}

// A vector of channels (or groups) over [n, group, channel, spatial...].
Operand vector(const Operand& v, const Shape& shape, bool by_group) {
  Operand out = v;
  out.shape = shape;
  out.strides.assign(shape.size(), Dim(0));
  out.strides[1] = by_group ? v.strides[0] : v.strides[0] * shape[2];
  if (!by_group) out.strides[2] = v.strides[0];
  return out;
}

void lower(Lower& l) {
  const std::int64_t groups = l.node.attr_int("num_groups", 1);
  Shape shape = l.shape(0);
  shape[1] = *divided(shape[1], groups);
  shape.insert(shape.begin() + 1, Dim(groups));
  const auto grouped = [&](const Operand& v) { return reshape_view(v, shape); };
  const Operand x = grouped(l.in(0)) ? *grouped(l.in(0)) : *grouped(l.in_dense(0));
  const Operand out = grouped(l.out()) ? *grouped(l.out()) : *grouped(l.out_dense());
  const auto m = normalization::moments(l, x, normalization::statistics_shape(shape, 2), l.node.attr("epsilon", 1e-5f));
  const bool by_group = per_group(l.node);
  const Operand bias = vector(l.in(2), shape, by_group), scale = vector(l.in(1), shape, by_group);
  normalization::normalize(l, out, x, m, scale, bias);
}

bool lower_fast(Lower& l) { return !per_group(l.node) && normalization::groups(l, Dim(l.node.attr_int("num_groups", 1))); }

}  // namespace

extern const Op op = {.name = "GroupNormalization",
                      .inputs = {{"X", types::floats, Port::Arity::required, 'T'},
                                 {"scale", types::floats, Port::Arity::required, 'T'},
                                 {"bias", types::floats, Port::Arity::required, 'T'}},
                      .attributes = {{"epsilon", AttributeKind::real},
                                     {"num_groups", AttributeKind::integer},
                                     {"per_group", AttributeKind::integer},
                                     {"stash_type", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "18, 21"};

}  // namespace inferc::op_GroupNormalization
