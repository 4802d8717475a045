#include "compiler/ops/global_pool.hpp"

namespace inferc::op_GlobalAveragePool {
namespace {

void lower(Lower& l) { global_pool::lower<ref::reduce_mean>(l, "ref::reduce_mean"); }

}  // namespace

extern const Op op = global_pool::op("GlobalAveragePool", lower, "1, 22");

}  // namespace inferc::op_GlobalAveragePool
