#include "compiler/ops/arg_extreme.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { lower_arg_extreme(l, false); }

}  // namespace

extern const Op op_ArgMin = arg_extreme_op("ArgMin", lower);

}  // namespace inferc
