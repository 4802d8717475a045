#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/indices.hpp"
#include "kernels/ref/gather_elements.hpp"

namespace inferc::op_GatherElements {
namespace {

void infer(Infer& i) {
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis) return;
  if (i.rank(0) != i.rank(1)) {
    i.fail(fmt::format("data is {}, indices are {}: ranks differ", text(i.type(0)), text(i.type(1))));
    return;
  }
  for (std::size_t d = 0; d < i.shape(0).size(); ++d)
    if (d != *axis && !indices::at_most(i, i.shape(1)[d], i.shape(0)[d])) {
      i.fail(fmt::format("indices are {}, which exceed data {} outside of axis {}", text(i.type(1)), text(i.type(0)), *axis));
      return;
    }
  if (indices::check(i, 1, i.shape(0)[*axis])) i.out(0, i.dtype(0), i.shape(1));
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  const Dim from_end = (axis < 0 ? -axis : l.type(0).rank() - axis);
  indices::bound(l, 1, indices::axis_size(l));
  const HostKernel kernel = by_width(l.type(0).dtype, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::gather_elements<T, I, max_rank>); });
  });
  l.reference("ref::gather_elements", "kernels/ref/gather_elements.hpp", kernel,
              {write_view(l.out()), read_view(l.in(0)), read_view(l.in(1)), runtime_size(from_end)})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "GatherElements",
                      .inputs = {{"data", types::any}, {"indices", types::index}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "11, 13"};

}  // namespace inferc::op_GatherElements
