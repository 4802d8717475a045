#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceSumSquare {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_sum_square, reduction::KernelTypes>(l, "ref::reduce_sum_square"); }

}  // namespace

extern const Op op = reduction::op("ReduceSumSquare", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceSumSquare
