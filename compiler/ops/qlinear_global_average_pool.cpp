#include "compiler/ops/global_pool.hpp"
#include "compiler/ops/microsoft.hpp"

namespace inferc::op_QLinearGlobalAveragePool {
namespace {

void infer(Infer& i) {
  if (microsoft::check_pool(i)) global_pool::infer(i);
}

}  // namespace

extern const Op op = {.name = "QLinearGlobalAveragePool",
                      .domain = "com.microsoft",
                      .inputs = microsoft::unary_ports(),
                      .attributes = {{"channels_last", AttributeKind::integer}},
                      .infer = infer,
                      .lower = microsoft::lower_global_pool,
                      .versions = "1"};

}  // namespace inferc::op_QLinearGlobalAveragePool
