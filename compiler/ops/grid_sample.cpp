#include "kernels/ref/grid_sample.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/window.hpp"

namespace inferc::op_GridSample {
namespace {

const std::vector<std::string> modes{"nearest", "linear", "cubic"};
const std::vector<std::string> paddings{"zeros", "border", "reflection"};

// Before opset 20 the modes were called bilinear and bicubic.
std::string mode(const Node& n) {
  const std::string name = n.attr("mode", std::string("linear"));
  return name.starts_with("bi") ? name.substr(2) : name;
}
std::string padding(const Node& n) { return n.attr("padding_mode", std::string("zeros")); }

std::int64_t position(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? -1 : at - names.begin();
}

void infer(Infer& i) {
  const Shape &x = i.shape(0), &grid = i.shape(1);
  if (position(modes, mode(i.node)) < 0 || position(paddings, padding(i.node)) < 0) {
    i.fail(fmt::format("mode '{}' with padding_mode '{}' is not defined", escape(mode(i.node)), escape(padding(i.node))));
    return;
  }
  if (x.size() != grid.size() || x.size() < 3 || x.size() > 2 + window::max_spatial) {
    i.fail(fmt::format("X has rank {} and grid rank {}, equal ranks from 3 to {} are supported", x.size(), grid.size(), 2 + window::max_spatial));
    return;
  }
  if (mode(i.node) != "nearest" && !is_float(i.dtype(0))) {
    i.fail(fmt::format("mode '{}' of {} is not supported", mode(i.node), name(i.dtype(0))));
    return;
  }
  static_cast<void>(i.unify(x[0], grid[0]));
  static_cast<void>(i.unify(grid.back(), Dim(static_cast<std::int64_t>(x.size()) - 2)));
  Shape out{x[0], x[1]};
  out.insert(out.end(), grid.begin() + 1, grid.end() - 1);
  i.out(0, i.dtype(0), std::move(out));
}

void lower(Lower& l) {
  const Shape &x = l.shape(0), &out = l.out_type().shape;
  const HostKernel kernel = by_dtype(l.type(0).dtype, AllTypes{}, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, FloatTypes{}, [&]<class G>(std::type_identity<G>) {
      return window::by_spatial(x.size() - 2, []<int S>(std::integral_constant<int, S>) { return host(&ref::grid_sample<T, G, S>); });
    });
  });
  l.reference("ref::grid_sample", "kernels/ref/grid_sample.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(x[0]), runtime_size(x[1]), SizesArg{{x.begin() + 2, x.end()}},
               SizesArg{{out.begin() + 2, out.end()}}, integer(position(modes, mode(l.node))), integer(position(paddings, padding(l.node))),
               flag(l.node.attr_int("align_corners", 0) != 0)})
      .flops = Dim(8) * product(out);
}

}  // namespace

extern const Op op = {.name = "GridSample",
                      .inputs = {{"X", types::all}, {"grid", types::floats}},
                      .attributes = {{"align_corners", AttributeKind::integer}, {"mode", AttributeKind::string}, {"padding_mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "16, 20, 22"};

}  // namespace inferc::op_GridSample
