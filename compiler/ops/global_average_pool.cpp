#include "compiler/ops/global_pool.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { global_pool::lower<ref::reduce_mean>(l, "ref::reduce_mean"); }

}  // namespace

extern const Op op_GlobalAveragePool = global_pool::op("GlobalAveragePool", lower, "1, 22");

}  // namespace inferc
