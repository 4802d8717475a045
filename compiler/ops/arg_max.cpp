#include "compiler/ops/arg_extreme.hpp"

namespace inferc::op_ArgMax {
namespace {

void lower(Lower& l) { lower_arg_extreme(l, true); }

}  // namespace

extern const Op op = arg_extreme_op("ArgMax", lower);

}  // namespace inferc::op_ArgMax
