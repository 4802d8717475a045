#include "compiler/ops/reduce.hpp"

namespace inferc::op_ReduceMean {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_mean, reduction::KernelTypes>(l, "ref::reduce_mean"); }

}  // namespace

extern const Op op = reduction::op("ReduceMean", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc::op_ReduceMean
