#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_Flatten {
namespace {

void infer(Infer& i) {
  const int rank = i.rank(0);
  std::int64_t axis = i.node.attr_int("axis", 1);
  if (axis < -rank || axis > rank) {
    i.fail(fmt::format("axis {} is out of range for rank {}", axis, rank));
    return;
  }
  if (axis < 0) axis += rank;
  const auto at = i.shape(0).begin() + axis;
  i.out(0, i.dtype(0), {product({i.shape(0).begin(), at}), product({at, i.shape(0).end()})});
  if (auto known = i.content(0)) i.out_content(0, std::move(*known));
}

void lower(Lower& l) { l.reshape(); }

}  // namespace

extern const Op op = {.name = "Flatten",
                      .inputs = {{"input", types::any}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 9, 11, 13, 21, 23, 24, 25"};

}  // namespace inferc::op_Flatten
