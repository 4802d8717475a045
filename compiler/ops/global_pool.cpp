#include "compiler/ops/global_pool.hpp"

#include <fmt/format.h>

namespace inferc::global_pool {

void infer(Infer& i) {
  if (i.rank(0) < 2) {
    i.fail(fmt::format("X has rank {}, at least 2 is defined", i.rank(0)));
    return;
  }
  Shape out = i.shape(0);
  for (std::size_t d = 2; d < out.size(); ++d) out[d] = Dim(1);
  i.out(0, i.dtype(0), std::move(out));
}

Op op(std::string_view name, void (*lower)(Lower&), std::string_view versions) {
  return {.name = name, .inputs = {{"X", types::floats}}, .infer = infer, .lower = lower, .versions = versions};
}

}  // namespace inferc::global_pool
