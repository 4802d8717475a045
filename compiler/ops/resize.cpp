#include "kernels/ref/resize_given.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/halves.hpp"

namespace inferc::op_Resize {
namespace {

enum : std::size_t { data, roi, scales, sizes };

const std::vector<std::string> interpolations{"nearest", "linear", "cubic"};
const std::vector<std::string> coordinates{"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_crop_and_resize"};
const std::vector<std::string> policies{"stretch", "not_larger", "not_smaller"};
const std::vector<std::string> nearest_modes{"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};

std::int64_t position(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : at - names.begin();
}
std::string interpolation(const Node& n) { return n.attr("mode", std::string("nearest")); }
std::string coordinate(const Node& n) { return n.attr("coordinate_transformation_mode", std::string("half_pixel")); }
std::string nearest(const Node& n) { return n.attr("nearest_mode", std::string("round_prefer_floor")); }
std::string policy(const Node& n) { return n.attr("keep_aspect_ratio_policy", std::string("stretch")); }

std::vector<std::size_t> axes(const Node& n, std::size_t rank) {
  std::vector<std::size_t> out;
  for (const std::int64_t a : n.attr("axes", std::vector<std::int64_t>()))
    out.push_back(static_cast<std::size_t>(a < 0 ? a + static_cast<std::int64_t>(rank) : a));
  for (std::size_t d = 0; out.size() < rank && n.attributes.find("axes") == n.attributes.end(); ++d) out.push_back(d);
  return out;
}

// Values of a float operand; nothing when it is absent or empty.
std::optional<std::vector<double>> reals(const Value* v) {
  auto t = content::known_tensor(v);
  if (!t || t->size() == 0) return std::nullopt;
  t = halves::to_float32(*t);
  std::vector<double> out;
  for (std::size_t k = 0; k < t->size(); ++k) out.push_back(t->dtype() == DType::float64 ? t->as<double>()[k] : static_cast<double>(t->as<float>()[k]));
  return out;
}

bool check_attributes(Infer& i) {
  const Node& n = i.node;
  if (position(interpolations, interpolation(n)) < 0) return i.fail(fmt::format("mode '{}' is not defined", escape(interpolation(n))));
  if (position(coordinates, coordinate(n)) < 0) return i.fail(fmt::format("coordinate_transformation_mode '{}' is not defined", escape(coordinate(n))));
  if (position(nearest_modes, nearest(n)) < 0) return i.fail(fmt::format("nearest_mode '{}' is not defined", escape(nearest(n))));
  if (interpolation(n) != "nearest" && !is_float(i.dtype(data)))
    return i.fail(fmt::format("mode '{}' of {} is not supported", interpolation(n), name(i.dtype(data))));
  if (i.rank(data) > ref::resize_rank) return i.fail(fmt::format("rank {} is not supported, at most {} is", i.rank(data), ref::resize_rank));
  for (const std::int64_t a : n.attr("axes", std::vector<std::int64_t>()))
    if (!i.axis(a, i.rank(data))) return false;
  return true;
}

// floor(size * scale), exact for integers.
std::optional<Dim> scaled(const Dim& size, double scale) {
  if (size.is_constant()) return Dim(static_cast<std::int64_t>(std::floor(static_cast<double>(*size.constant()) * scale)));
  const auto whole = static_cast<std::int64_t>(scale);
  return static_cast<double>(whole) == scale ? std::optional(size * Dim(whole)) : std::nullopt;
}

bool scale_shape(Infer& i, Shape& shape, const std::vector<std::size_t>& at, const std::vector<double>& factor) {
  for (std::size_t k = 0; k < at.size(); ++k) {
    if (!(factor[k] > 0 && factor[k] < 1e9)) return i.fail(fmt::format("scale {} of axis {} is not positive and below 1e9", factor[k], at[k]));
    const auto size = scaled(shape[at[k]], factor[k]);
    if (!size)
      return i.fail(fmt::format("axis {} of size {} cannot be scaled by {}", at[k], shape[at[k]].text(), factor[k]), "fix the symbol with --dim SYM=N");
    shape[at[k]] = *size;
  }
  return true;
}

// One scale for all axes, the smallest or largest of those that the sizes ask for. Nothing: stretch.
std::optional<double> common_scale(const Node& n, const Shape& shape, const std::vector<std::size_t>& at, const std::vector<Dim>& wanted) {
  if (policy(n) == "stretch") return std::nullopt;
  double out = 0;
  for (std::size_t k = 0; k < at.size(); ++k) {
    const double s = static_cast<double>(*wanted[k].constant()) / static_cast<double>(*shape[at[k]].constant());
    out = k == 0 ? s : policy(n) == "not_larger" ? std::min(out, s) : std::max(out, s);
  }
  return out;
}

// Whether an axis of `n` elements can be resized to some; where the symbols leave it open, the run checks it.
bool resizable(Infer& i, const Dim& n) {
  const Bounds b = i.symbols().bounds(n);
  if (b.lower < 1 && b.upper >= 1) i.symbols().require_equal(max(n, 1), n, address(i.node));
  return b.upper >= 1 || i.fail(fmt::format("an axis of size {} cannot be resized", n.text()));
}

bool size_shape(Infer& i, Shape& shape, const std::vector<std::size_t>& at, const std::vector<Dim>& wanted) {
  for (std::size_t k = 0; policy(i.node) != "stretch" && k < at.size(); ++k)
    if (!wanted[k].is_constant() || !shape[at[k]].is_constant() || shape[at[k]].is(0)) return i.fail("keep_aspect_ratio_policy needs constant sizes");
  for (std::size_t k = 0; k < at.size(); ++k)
    if (!wanted[k].is(0) && !resizable(i, shape[at[k]])) return false;
  const auto common = common_scale(i.node, shape, at, wanted);
  for (std::size_t k = 0; k < at.size(); ++k)
    shape[at[k]] = common ? Dim(static_cast<std::int64_t>(std::floor(*common * static_cast<double>(*shape[at[k]].constant()) + 0.5))) : wanted[k];
  return true;
}

bool stated(const Node& n, std::size_t k) { return n.in(k) && !product(n.in(k)->type->shape).is(0); }
bool crops(const Node& n) { return coordinate(n) == "tf_crop_and_resize"; }

// Whether an operand is read at run time.
template <class At>  // Infer or Lower
bool reads(const At& at) {
  return !at.known(scales) || !at.known(sizes) || (crops(at.node) && !at.known(roi));
}

void infer_declared(Infer& i) {
  const auto at = axes(i.node, i.shape(data).size());
  const std::size_t given = stated(i.node, scales) ? scales : sizes;
  if (stated(i.node, scales) == stated(i.node, sizes)) i.fail("one of 'scales' and 'sizes' must be given", "export the model with one of them empty");
  auto shape = i.declared(given);
  if (!shape || !content::has_elements(i, given, at.size()) || (crops(i.node) && !(i.has(roi) && content::has_elements(i, roi, 2 * at.size())))) return;
  if (shape->size() != i.shape(data).size()) content::refuse_declared(i, *shape);
  for (const std::size_t a : at)
    if (!resizable(i, i.shape(data)[a])) return;
  i.out(0, i.dtype(data), std::move(*shape));
}

void infer(Infer& i) {
  if (!check_attributes(i)) return;
  if (reads(i)) return infer_declared(i);
  Shape shape = i.shape(data);
  const auto at = axes(i.node, shape.size());
  const auto factor = reals(i.node.in(scales));
  const auto wanted = i.has(sizes) ? i.content(sizes) : std::nullopt;
  if (factor.has_value() == wanted.has_value()) {
    i.fail("one of 'scales' and 'sizes' must be given and known before run time", "export the model with it constant");
    return;
  }
  if ((factor ? factor->size() : wanted->size()) != at.size()) {
    i.fail(fmt::format("{} axes are resized, 'scales' or 'sizes' has a different number of elements", at.size()));
    return;
  }
  if (crops(i.node) && (!reals(i.node.in(roi)) || reals(i.node.in(roi))->size() != 2 * at.size())) {
    i.fail("tf_crop_and_resize needs a constant 'roi' with two elements per resized axis");
    return;
  }
  if (factor ? scale_shape(i, shape, at, *factor) : size_shape(i, shape, at, *wanted)) i.out(0, i.dtype(data), std::move(shape));
}

// Operand k where it counts, else nothing of its type.
Operand given(Lower& l, std::size_t k, bool counts, DType dtype) { return counts ? l.in_dense(k) : l.weight(Tensor(dtype, {0})); }

std::vector<Arg> rule(const Node& n) {
  return {integer(position(interpolations, interpolation(n))),
          integer(position(coordinates, coordinate(n))),
          integer(position(nearest_modes, nearest(n))),
          flag(n.attr_int("exclude_outside", 0) != 0 && interpolation(n) == "cubic"),
          flag(n.attr_int("antialias", 0) != 0),
          real64(n.attr("cubic_coeff_a", -0.75f)),
          real64(n.attr("extrapolation_value", 0.0f))};
}

void lower_given(Lower& l) {
  const Node& n = l.node;
  Shape listed;
  for (const std::size_t a : axes(n, l.shape(data).size())) listed.emplace_back(static_cast<std::int64_t>(a));
  const Operand region = given(l, roi, crops(n), DType::float32), factor = given(l, scales, stated(n, scales), DType::float32),
                wanted = given(l, sizes, stated(n, sizes), DType::int64);
  std::vector<Arg> check{read(factor),
                         runtime_size(factor.size()),
                         read(wanted),
                         runtime_size(wanted.size()),
                         read(region),
                         runtime_size(region.size()),
                         guarded_shape(listed),
                         runtime_size(Dim(static_cast<std::int64_t>(listed.size()))),
                         guarded_shape(l.shape(data)),
                         runtime_size(Dim(l.type(data).rank())),
                         guarded_shape(l.out_type().shape),
                         integer(position(policies, policy(n)))};
  l.guard("ref::resize_fits", by_dtype(region.dtype, FloatTypes{}, []<class F>(std::type_identity<F>) { return host(&ref::resize_fits<F>); }), check);
  std::vector<Arg> args{write_view(l.out()), read_view(l.in(data))};
  const std::vector<Arg> last = rule(n);
  args.insert(args.end(), check.begin(), check.end());
  args.insert(args.end(), last.begin(), last.end());
  const HostKernel kernel = by_dtype(l.type(data).dtype, AllTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(region.dtype, FloatTypes{}, []<class F>(std::type_identity<F>) { return host(&ref::resize_given<T, F, max_rank>); });
  });
  Call& c = l.reference("ref::resize_given", "kernels/ref/resize_given.hpp", kernel, std::move(args));
  c.may_fault = true;
  c.flops = Dim(4) * product(l.out_type().shape);
}

void lower(Lower& l) {
  const Node& n = l.node;
  if (reads(l)) return lower_given(l);
  const std::size_t rank = l.shape(data).size();
  const auto at = axes(n, rank);
  ParamsArg scale{std::vector<double>(ref::resize_rank, 1)}, start{std::vector<double>(ref::resize_rank, 0)}, end{std::vector<double>(ref::resize_rank, 1)};
  const auto factor = reals(n.in(scales)), region = reals(n.in(roi));
  const auto common = factor ? std::nullopt : common_scale(n, l.shape(data), at, l.content(sizes));
  for (std::size_t k = 0; k < at.size(); ++k) {
    const std::size_t p = at[k] + static_cast<std::size_t>(ref::resize_rank) - rank;
    scale.values[p] = factor ? (*factor)[k] : common.value_or(0);
    if (!region || region->size() != 2 * at.size()) continue;
    start.values[p] = (*region)[k];
    end.values[p] = (*region)[at.size() + k];
  }
  const HostKernel kernel = by_dtype(l.type(data).dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::resize<T, max_rank>); });
  std::vector<Arg> args{write_view(l.out()), read_view(l.in(data)), scale, start, end};
  const std::vector<Arg> last = rule(n);
  args.insert(args.end(), last.begin(), last.end());
  l.reference("ref::resize", "kernels/ref/resize.hpp", kernel, std::move(args)).flops = Dim(4) * product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Resize",
                      .inputs = {{"X", types::all},
                                 {"roi", types::floats, Port::Arity::optional},
                                 {"scales", TypeSet{DType::float32}, Port::Arity::optional},
                                 {"sizes", types::int64, Port::Arity::optional}},
                      .attributes = {{"antialias", AttributeKind::integer},
                                     {"axes", AttributeKind::integers},
                                     {"coordinate_transformation_mode", AttributeKind::string},
                                     {"cubic_coeff_a", AttributeKind::real},
                                     {"exclude_outside", AttributeKind::integer},
                                     {"extrapolation_value", AttributeKind::real},
                                     {"keep_aspect_ratio_policy", AttributeKind::string},
                                     {"mode", AttributeKind::string},
                                     {"nearest_mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "10, 11, 13, 18, 19"};

}  // namespace inferc::op_Resize
