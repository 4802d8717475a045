#include "kernels/ref/roi_align.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_RoiAlign {
namespace {

std::string mode(const Node& n) { return n.attr("mode", std::string("avg")); }

// Before opset 16 there was no shift by half a pixel.
std::string coordinates(const Node& n) {
  return n.attr("coordinate_transformation_mode", std::string(n.opset != 0 && n.opset < 16 ? "output_half_pixel" : "half_pixel"));
}

void infer(Infer& i) {
  const std::int64_t height = i.node.attr_int("output_height", 1), width = i.node.attr_int("output_width", 1);
  if ((mode(i.node) != "avg" && mode(i.node) != "max") || (coordinates(i.node) != "half_pixel" && coordinates(i.node) != "output_half_pixel")) {
    i.fail(fmt::format("mode '{}' with coordinate_transformation_mode '{}' is not defined", escape(mode(i.node)), escape(coordinates(i.node))));
    return;
  }
  if (height <= 0 || width <= 0 || i.node.attr_int("sampling_ratio", 0) < 0) {
    i.fail(fmt::format("output_height {}, output_width {} and sampling_ratio {} are no sizes", height, width, i.node.attr_int("sampling_ratio", 0)));
    return;
  }
  if (i.rank(0) != 4 || i.rank(1) != 2 || i.rank(2) != 1) {
    i.fail(fmt::format("X is {}, rois are {}, batch_indices are {}: ranks 4, 2 and 1 are defined", text(i.type(0)), text(i.type(1)), text(i.type(2))));
    return;
  }
  static_cast<void>(i.unify(i.shape(1)[1], Dim(4)));
  static_cast<void>(i.unify(i.shape(1)[0], i.shape(2)[0]));
  i.out(0, i.dtype(0), {i.shape(1)[0], i.shape(0)[1], Dim(height), Dim(width)});
}

void lower(Lower& l) {
  const Shape &x = l.shape(0), &y = l.out_type().shape;
  l.bound_indices(l.in(2), Dim(0), x[0] - Dim(1));
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::roi_align<T>); });
  Call& c = l.reference("ref::roi_align", "kernels/ref/roi_align.hpp", kernel,
                        {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), read(l.in_dense(2)),
                         SizesArg{{x[0], x[1], x[2], x[3], y[0], y[2], y[3]}}, real64(l.node.attr("spatial_scale", 1.0f)),
                         integer(l.node.attr_int("sampling_ratio", 0)), flag(coordinates(l.node) == "half_pixel"), flag(mode(l.node) == "max")});
  c.may_fault = true;
  c.flops = Dim(16) * product(y);
}

}  // namespace

extern const Op op = {
    .name = "RoiAlign",
    .inputs = {{"X", types::floats, Port::Arity::required, 'T'}, {"rois", types::floats, Port::Arity::required, 'T'}, {"batch_indices", types::int64}},
    .attributes = {{"coordinate_transformation_mode", AttributeKind::string},
                   {"mode", AttributeKind::string},
                   {"output_height", AttributeKind::integer},
                   {"output_width", AttributeKind::integer},
                   {"sampling_ratio", AttributeKind::integer},
                   {"spatial_scale", AttributeKind::real}},
    .infer = infer,
    .lower = lower,
    .versions = "10, 16, 22"};

}  // namespace inferc::op_RoiAlign
