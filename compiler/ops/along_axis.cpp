#include "compiler/ops/along_axis.hpp"

#include "compiler/ops/rows.hpp"

namespace inferc::along_axis {
namespace {

bool flattens(const Node& n) { return n.attr_int("flatten", 0) != 0; }
std::int64_t axis_of(const Node& n) { return n.attr_int("axis", flattens(n) ? 1 : -1); }

}  // namespace

void infer(Infer& i) {
  const std::int64_t axis = axis_of(i.node);
  const bool end = flattens(i.node) && axis == i.rank(0);  // everything is outer
  if (!end && !i.axis(axis, i.rank(0))) return;
  i.out(0, i.dtype(0), i.shape(0));
}

Split split(const Lower& l) {
  const Shape& shape = l.shape(0);
  const int rank = l.type(0).rank();
  const std::int64_t axis = axis_of(l.node);
  const auto at = from_front(axis, rank);
  if (!flattens(l.node)) return split_at(shape, at);
  const auto from = shape.begin() + static_cast<std::ptrdiff_t>(at);
  return {product({shape.begin(), from}), product({from, shape.end()}), 1};
}

Call& lower(Lower& l, const std::string& kernel, const std::string& header, HostKernel host) {
  const Split s = split(l);
  Call& c = l.reference(kernel, header, std::move(host),
                        {write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner)});
  c.in_place = {{0, 1}};
  c.flops = Dim(10) * product(l.shape(0));
  return c;
}

bool lower_fast(Lower& l, const std::string& kernel) {
  if (l.type(0).dtype != DType::float32) return false;
  const Split s = split(l);
  const std::string header = "kernels/cpu/softmax.hpp";
  const Dim flops = Dim(10) * product(l.shape(0));
  if (s.inner.is(1)) {
    const std::int64_t axis = axis_of(l.node), rank = l.type(0).rank();
    rows::call(l, kernel, header, rows::of(l, from_front(axis, rank)), {EpilogueArg{}}).flops = flops;
  } else {
    Call& c = l.fast(kernel + "_columns", header,
                     {RangeArg{Dim(0), s.outer, true}, write(l.out_dense()), read(l.in_dense(0)), runtime_size(s.axis), runtime_size(s.inner)});
    c.in_place = {{1, 2}};
    c.flops = flops;
  }
  return true;
}

}  // namespace inferc::along_axis
