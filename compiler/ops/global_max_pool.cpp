#include "compiler/ops/global_pool.hpp"

namespace inferc::op_GlobalMaxPool {
namespace {

void lower(Lower& l) { global_pool::lower<ref::reduce_max>(l, "ref::reduce_max"); }

}  // namespace

extern const Op op = global_pool::op("GlobalMaxPool", lower, "1, 22");

}  // namespace inferc::op_GlobalMaxPool
