#include "compiler/ops/cumulative.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { cumulative::lower<functors::mul>(l, "functors::mul", 1); }

}  // namespace

extern const Op op_CumProd = cumulative::op("CumProd", lower, "26");

}  // namespace inferc
