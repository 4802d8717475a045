#include <fmt/format.h>

#include "compiler/ops/normalization.hpp"

namespace inferc::op_InstanceNormalization {
namespace {

void infer(Infer& i) {
  if (i.rank(0) < 3) {
    i.fail(fmt::format("the input has rank {}, at least 3 is defined", i.rank(0)));
    return;
  }
  for (std::size_t k = 1; k < 3; ++k) {
    if (i.rank(k) != 1) i.fail(fmt::format("input {} has rank {}, 1 is defined", k, i.rank(k)));
    else static_cast<void>(i.unify(i.shape(k)[0], i.shape(0)[1]));
    if (i.failed()) return;
  }
  i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const Operand x = l.in(0);
  const auto m = normalization::moments(l, x, normalization::statistics_shape(x.shape, 2), l.node.attr("epsilon", 1e-5f));
  const Operand bias = normalization::along(l.in(2), 1, x.shape), scale = normalization::along(l.in(1), 1, x.shape);
  normalization::normalize(l, l.out(), x, m, scale, bias);
}

bool lower_fast(Lower& l) { return normalization::groups(l, l.shape(0)[1]); }

}  // namespace

extern const Op op = {.name = "InstanceNormalization",
                      .inputs = {{"input", types::floats, Port::Arity::required, 'T'},
                                 {"scale", types::floats, Port::Arity::required, 'T'},
                                 {"B", types::floats, Port::Arity::required, 'T'}},
                      .attributes = {{"epsilon", AttributeKind::real}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "6, 22"};

}  // namespace inferc::op_InstanceNormalization
