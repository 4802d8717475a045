#include "compiler/ops/reduce.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { reduction::lower<ref::reduce_mean, reduction::KernelTypes>(l, "ref::reduce_mean"); }

}  // namespace

extern const Op op_ReduceMean = reduction::op("ReduceMean", reduction::types, lower, "1, 11, 13, 18");

}  // namespace inferc
