#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::op_Expand {
namespace {

void infer(Infer& i) {
  const auto known = i.content(1);
  const auto wanted = known ? known : i.declared(1);
  if (!wanted) return;
  for (const Dim& d : *wanted)
    if (content::negative(i.symbols(), d)) {
      i.fail(fmt::format("the target shape has the size {}", d.text()));
      return;
    }
  Shape out = i.broadcast(i.shape(0), *wanted);
  i.out(0, i.dtype(0), out);
  if (!known && !(out == *wanted)) i.fail(fmt::format("{} does not broadcast to the declared shape {}", text(i.type(0)), text(Type{i.dtype(0), *wanted})));
  if (auto elements = content::broadcast(i, 0, out); elements && known) i.out_content(0, std::move(*elements));
}

void lower(Lower& l) {
  content::guard_operand(l, 1, "ref::expand_fits", host(&ref::expand_fits<std::int64_t>), content::guarded_shapes(l));
  l.view(0, broadcast_view(l.in(0), l.out_type().shape));
}

}  // namespace

extern const Op op = {.name = "Expand", .inputs = {{"input", types::any}, {"shape", types::int64}}, .infer = infer, .lower = lower, .versions = "8, 13"};

}  // namespace inferc::op_Expand
