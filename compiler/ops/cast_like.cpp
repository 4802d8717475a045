#include "compiler/ops/conversion.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_CastLike {
namespace {

void infer(Infer& i) { conversion::infer(i, i.dtype(1)); }

}  // namespace

extern const Op op = {.name = "CastLike",
                      .inputs = {{"input", types::any}, {"target_type", types::any}},
                      .attributes = {{"saturate", AttributeKind::integer}, {"round_mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = conversion::lower,
                      .lower_fast = conversion::lower_fast,
                      .versions = "15, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_CastLike
