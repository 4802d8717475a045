#include "kernels/ref/unique.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_Unique {
namespace {

void infer(Infer& i) {
  const bool flat = !i.node.attributes.count("axis");
  const auto axis = flat ? std::optional<std::size_t>(0) : i.axis_attr(0, i.rank(0));
  if (!axis) return;
  const std::int64_t sorted = i.node.attr_int("sorted", 1);
  if (sorted != 0 && sorted != 1) {
    i.fail(fmt::format("sorted is {}, it must be 0 or 1", sorted));
    return;
  }
  const Dim all = split_at_axis(i.node).axis, count = i.measured(0, 0, *axis, all);
  Shape shape = flat ? Shape{Dim(0)} : i.shape(0);
  shape[*axis] = count;
  i.out(0, i.dtype(0), shape);
  i.out(1, DType::int64, {count});
  i.out(2, DType::int64, {all});
  i.out(3, DType::int64, {count});
}

void lower(Lower& l) {
  const auto [outer, axis, inner] = split_at_axis(l.node);
  const std::string header = "kernels/ref/unique.hpp";
  const Operand rank = l.node.out(2) ? l.out_dense(2) : l.temporary(DType::int64, {axis}), order = l.temporary(DType::int64, {axis * Dim(2)});
  const Operand x = l.in_dense(0);
  const HostKernel ranks = by_dtype(l.type(0).dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::unique_ranks<T>); });
  const std::string& symbol = l.node.measures[0];
  const Dim count = Dim::symbol(symbol);
  l.reference("ref::unique_ranks", header, ranks,
              {write(rank), write(order), read(x), runtime_size(outer), runtime_size(axis), runtime_size(inner), flag(l.node.attr_int("sorted", 1) != 0)})
      .measures = symbol;
  if (l.node.out(0)) {
    const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::unique_slices<T>); });
    l.reference("ref::unique_slices", header, kernel,
                {write(l.out_dense(0)), read(x), read(rank), runtime_size(outer), runtime_size(axis), runtime_size(inner), runtime_size(count)});
  }
  if (l.node.out(1)) l.reference("ref::unique_first", header, host(&ref::unique_first), {write(l.out_dense(1)), read(rank), runtime_size(axis)});
  if (l.node.out(3))
    l.reference("ref::unique_counts", header, host(&ref::unique_counts), {write(l.out_dense(3)), read(rank), runtime_size(axis), runtime_size(count)});
}

}  // namespace

extern const Op op = {.name = "Unique",
                      .inputs = {{"X", types::all}},
                      .min_outputs = 1,
                      .max_outputs = 4,
                      .attributes = {{"axis", AttributeKind::integer}, {"sorted", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "11"};

}  // namespace inferc::op_Unique
