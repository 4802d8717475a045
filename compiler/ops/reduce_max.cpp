#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceMax {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_max, reduction::OrderedKernelTypes>(l, "ref::reduce_max"); }

}  // namespace

extern const Op op = reduction::op("ReduceMax", reduction::ordered_types, lower, "1, 11, 12, 13, 18, 20");

}  // namespace inferc::op_ReduceMax
