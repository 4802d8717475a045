#include "compiler/ops/cumulative.hpp"

namespace inferc::op_CumSum {
namespace {

void lower(Lower& l) { cumulative::lower<functors::add>(l, "functors::add", 0); }

}  // namespace

extern const Op op = cumulative::op("CumSum", lower, "11, 14");

}  // namespace inferc::op_CumSum
