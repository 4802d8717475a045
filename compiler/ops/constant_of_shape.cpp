#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_ConstantOfShape {
namespace {

Tensor value_of(const Node& n) {
  const Tensor zero(DType::float32, {1});
  return n.attr("value", zero);
}

std::optional<Dim> as_size(const Tensor& t) {
  if (t.dtype() == DType::int64) return Dim(t.as<std::int64_t>()[0]);
  if (t.dtype() == DType::int32) return Dim(t.as<std::int32_t>()[0]);
  if (t.dtype() == DType::boolean) return Dim(t.as<bool>()[0] ? 1 : 0);
  return std::nullopt;
}

void infer(Infer& i) {
  const auto known = i.content(0);
  const auto shape = known ? known : i.declared(0);
  const Tensor value = value_of(i.node);
  if (!shape || (!known && !content::has_elements(i, 0, shape->size()))) return;
  for (const Dim& d : *shape)
    if (content::negative(i.symbols(), d)) i.fail(fmt::format("the shape has the size {}", d.text()));
  if (value.size() != 1 || !types::any.has(value.dtype())) i.fail("attribute 'value' must be one element of a supported type");
  i.out(0, value.dtype(), *shape);
  if (i.failed()) return;
  const auto size = content::small_shape(*shape);
  const auto element = as_size(value);
  if (!size || !element || !known) return;
  std::size_t n = 1;
  for (const std::size_t d : *size) n *= d;
  i.out_content(0, std::vector<Dim>(n, *element));
}

// One element, broadcast.
void lower(Lower& l) {
  content::guard_sizes(l, 0, l.out_type().shape);
  l.view(0, broadcast_view(l.weight(value_of(l.node).reshaped({})), l.out_type().shape));
}

}  // namespace

extern const Op op = {.name = "ConstantOfShape",
                      .inputs = {{"input", types::int64}},
                      .attributes = {{"value", AttributeKind::tensor}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 20, 21, 23, 24, 25"};

}  // namespace inferc::op_ConstantOfShape
