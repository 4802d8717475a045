#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceProd {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_prod, reduction::KernelTypes>(l, "ref::reduce_prod"); }

}  // namespace

extern const Op op = reduction::op("ReduceProd", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceProd
