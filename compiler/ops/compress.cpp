#include "kernels/ref/compress.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Compress {
namespace {

void infer(Infer& i) {
  const bool flat = !i.node.attributes.count("axis");
  const auto axis = flat ? std::optional<std::size_t>(0) : i.axis_attr(0, i.rank(0));
  if (!axis) return;
  if (i.rank(1) != 1) {
    i.fail(fmt::format("condition is {}, its rank must be 1", text(i.type(1))));
    return;
  }
  const Dim most = content::min(i.symbols(), i.shape(1)[0], split_at_axis(i.node).axis);
  Shape shape = flat ? Shape{Dim(0)} : i.shape(0);
  shape[*axis] = i.measured(0, 0, *axis, most);
  i.out(0, i.dtype(0), shape);
}

void lower(Lower& l) {
  const auto [outer, axis, inner] = split_at_axis(l.node);
  const Operand condition = l.in_dense(1);
  l.reference("ref::count_true", "kernels/ref/compress.hpp", host(&ref::count_true), {read(condition), runtime_size(min(l.shape(1)[0], axis))}).measures =
      l.node.measures[0];
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::compress<T>); });
  l.reference(
       "ref::compress", "kernels/ref/compress.hpp", kernel,
       {write(l.out_dense()), read(l.in_dense(0)), read(condition), runtime_size(l.shape(1)[0]), runtime_size(outer), runtime_size(axis), runtime_size(inner)})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "Compress",
                      .inputs = {{"input", types::any}, {"condition", types::boolean}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 11"};

}  // namespace inferc::op_Compress
