#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceLogSum {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_log_sum, reduction::KernelTypes>(l, "ref::reduce_log_sum"); }

}  // namespace

extern const Op op = reduction::op("ReduceLogSum", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceLogSum
