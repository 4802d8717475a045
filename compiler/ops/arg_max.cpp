#include "compiler/ops/arg_extreme.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { lower_arg_extreme(l, true); }

}  // namespace

extern const Op op_ArgMax = arg_extreme_op("ArgMax", lower);

}  // namespace inferc
