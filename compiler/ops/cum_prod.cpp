#include "compiler/ops/cumulative.hpp"

namespace inferc::op_CumProd {
namespace {

void lower(Lower& l) { cumulative::lower<functors::mul>(l, "functors::mul", 1); }

}  // namespace

extern const Op op = cumulative::op("CumProd", lower, "26");

}  // namespace inferc::op_CumProd
