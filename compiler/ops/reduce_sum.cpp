#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceSum {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_sum, reduction::KernelTypes>(l, "ref::reduce_sum"); }

}  // namespace

extern const Op op = reduction::op("ReduceSum", reduction::types, lower, "1, 11, 13");

}  // namespace inferc::op_ReduceSum
