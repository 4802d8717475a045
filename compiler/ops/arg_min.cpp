#include "compiler/ops/arg_extreme.hpp"

namespace inferc::op_ArgMin {
namespace {

void lower(Lower& l) { lower_arg_extreme(l, false); }

}  // namespace

extern const Op op = arg_extreme_op("ArgMin", lower);

}  // namespace inferc::op_ArgMin
