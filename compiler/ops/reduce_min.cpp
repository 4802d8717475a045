#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceMin {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_min, reduction::OrderedKernelTypes>(l, "ref::reduce_min"); }

}  // namespace

extern const Op op = reduction::op("ReduceMin", reduction::ordered_types, lower, "1, 11, 12, 13, 18, 20");

}  // namespace inferc::op_ReduceMin
