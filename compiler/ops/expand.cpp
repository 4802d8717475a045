#include <fmt/format.h>

#include "compiler/ops/content.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  const auto wanted = i.content(1);
  if (!wanted) {
    i.fail("the target shape is not known before run time",
           "export with a constant shape, or one computed from the shapes of inputs");
    return;
  }
  for (const Dim& d : *wanted)
    if (content::negative(i.symbols(), d)) {
      i.fail(fmt::format("the target shape has the size {}", d.text()));
      return;
    }
  Shape out = i.broadcast(i.shape(0), *wanted);
  i.out(0, i.dtype(0), out);
  if (auto known = content::broadcast(i, 0, out)) i.out_content(0, std::move(*known));
}

void lower(Lower& l) { l.view(0, broadcast_view(l.in(0), l.out_type().shape)); }

}  // namespace

extern const Op op_Expand = {.name = "Expand",
                             .inputs = {{"input", types::all}, {"shape", types::int64}},
                             .infer = infer,
                             .lower = lower,
                             .versions = "8, 13"};

}  // namespace inferc
