#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_CenterCropPad {
namespace {

std::optional<std::vector<std::size_t>> axes_of(Infer& i) {
  std::vector<std::size_t> out;
  const auto stated = i.node.attributes.find("axes");
  if (stated == i.node.attributes.end()) {
    for (std::size_t d = 0; d < i.shape(0).size(); ++d) out.push_back(d);
    return out;
  }
  for (const std::int64_t a : std::get<std::vector<std::int64_t>>(stated->second)) {
    const auto axis = i.axis(a, i.rank(0));
    if (!axis) return std::nullopt;
    out.push_back(*axis);
  }
  return out;
}

std::optional<std::vector<Dim>> declared_sizes(Infer& i, const std::vector<std::size_t>& axes) {
  const auto shape = i.declared(1);
  if (!shape || !content::has_elements(i, 1, axes.size())) return std::nullopt;
  if (shape->size() != i.shape(0).size())
    return i.fail(fmt::format("the output is declared with rank {}, the input has {}", shape->size(), i.rank(0))), std::nullopt;
  std::vector<Dim> out;
  for (const std::size_t a : axes) out.push_back((*shape)[a]);
  return out;
}

void infer(Infer& i) {
  const auto axes = axes_of(i);
  if (!axes) return;
  const auto sizes = i.known(1) ? i.content(1) : declared_sizes(i, *axes);
  if (!sizes) return;
  if (sizes->size() != axes->size()) {
    i.fail(fmt::format("input 'shape' has {} elements for {} axes", sizes->size(), axes->size()));
    return;
  }
  Shape out = i.shape(0);
  for (std::size_t k = 0; k < axes->size(); ++k) {
    if (content::negative(i.symbols(), (*sizes)[k])) i.fail(fmt::format("the shape has the size {}", (*sizes)[k].text()));
    out[(*axes)[k]] = (*sizes)[k];
  }
  i.out(0, i.dtype(0), std::move(out));
}

// The middle of the input in the middle of zeros; of an odd difference the larger half stands at the end.
void lower(Lower& l) {
  Diagnostics none;
  Infer again(const_cast<Node&>(l.node), none);
  const auto axes = axes_of(again);
  std::vector<Dim> sizes;
  for (const std::size_t a : *axes) sizes.push_back(l.out_type().shape[a]);
  content::guard_sizes(l, 1, sizes);
  Operand to = l.out(), from = l.in(0);
  l.copy(to, broadcast_view(l.weight(Tensor(l.type(0).dtype, {})), to.shape));
  for (std::size_t d = 0; d < to.shape.size(); ++d) {
    const Dim kept = content::min(l.symbols(), to.shape[d], from.shape[d]);
    to = slice_view(to, d, floor_div(to.shape[d] - kept, Dim(2)), kept);
    from = slice_view(from, d, floor_div(from.shape[d] - kept, Dim(2)), kept);
  }
  l.copy(to, from);
}

}  // namespace

extern const Op op = {.name = "CenterCropPad",
                      .inputs = {{"input_data", types::any}, {"shape", types::index}},
                      .attributes = {{"axes", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "18"};

}  // namespace inferc::op_CenterCropPad
