#include "kernels/ref/affine_grid.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"

namespace inferc::op_AffineGrid {
namespace {

// [batch, ..., 2 or 3] of the image's size [batch, channels, ...], else as declared.
std::optional<Shape> grid(Infer& i) {
  if (!i.known(1)) return i.declared(1);
  const auto size = i.content(1);
  if (!size || size->size() < 2) return Shape();
  Shape out{size->front()};
  out.insert(out.end(), size->begin() + 2, size->end());
  out.emplace_back(static_cast<std::int64_t>(size->size() - 2));
  return out;
}

void infer(Infer& i) {
  const auto out = grid(i);
  if (!out) return;
  const auto dims = static_cast<std::int64_t>(out->size()) - 2;
  if ((dims != 2 && dims != 3) || !out->back().is(dims) || i.rank(0) != 3) {
    i.fail(fmt::format("theta is {}, and the grid would be {}: grids of two or three dims are defined", text(i.type(0)), text(Type{i.dtype(0), *out})));
    return;
  }
  const Shape theta{(*out)[0], Dim(dims), Dim(dims + 1)};
  for (std::size_t d = 0; d < 3 && !i.failed(); ++d) static_cast<void>(i.unify(i.shape(0)[d], theta[d]));
  for (const Dim& d : *out)
    if (content::negative(i.symbols(), d)) i.fail(fmt::format("the image has the size {}", d.text()));
  if (!i.failed() && !content::has_elements(i, 1, out->size())) return;
  i.out(0, i.dtype(0), *out);
}

void lower(Lower& l) {
  const Shape& to = l.out_type().shape;
  content::guard_operand(l, 1, "ref::affine_grid_fits", host(&ref::affine_grid_fits<std::int64_t>), {guarded_shape(to)});
  const std::size_t dims = to.size() - 2;
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::affine_grid<T>); });
  l.reference("ref::affine_grid", "kernels/ref/affine_grid.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), runtime_size(to[0]), runtime_size(dims == 3 ? to[1] : Dim(1)), runtime_size(to[dims - 1]),
               runtime_size(to[dims]), runtime_size(Dim(static_cast<std::int64_t>(dims))), flag(l.node.attr_int("align_corners", 0) != 0)})
      .flops = Dim(8) * product(to);
}

}  // namespace

extern const Op op = {.name = "AffineGrid",
                      .inputs = {{"theta", types::floats}, {"size", types::int64}},
                      .attributes = {{"align_corners", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "20"};

}  // namespace inferc::op_AffineGrid
