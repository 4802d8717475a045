#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceL2 {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_l2, reduction::KernelTypes>(l, "ref::reduce_l2"); }

}  // namespace

extern const Op op = reduction::op("ReduceL2", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceL2
