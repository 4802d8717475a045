#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceL1 {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_l1, reduction::KernelTypes>(l, "ref::reduce_l1"); }

}  // namespace

extern const Op op = reduction::op("ReduceL1", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceL1
