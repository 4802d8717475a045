#include <algorithm>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"
#include "kernels/ref/sizes.hpp"

namespace inferc::op_Shape {
namespace {

std::vector<Dim> selected(const Node& node, const Shape& shape) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  const auto clamp = [&](std::int64_t v) { return std::clamp<std::int64_t>(v < 0 ? v + rank : v, 0, rank); };
  const std::int64_t begin = clamp(node.attr_int("start", 0)), end = clamp(node.attr_int("end", rank));
  return {shape.begin() + begin, shape.begin() + std::max(begin, end)};
}

void infer(Infer& i) {
  std::vector<Dim> dims = selected(i.node, i.shape(0));
  i.out(0, DType::int64, {static_cast<std::int64_t>(dims.size())});
  i.out_content(0, std::move(dims));
}

void lower(Lower& l) {
  const HostKernel kernel = [](const HostFrame& f) {
    auto* out = reinterpret_cast<std::int64_t*>(f.address(std::get<PointerArg>((*f.args)[0]).operand));
    for (const Dim& d : std::get<SizesArg>((*f.args)[1]).sizes) *out++ = evaluate(d, *f.symbols);
    return Fault::none;
  };
  l.reference("ref::sizes", "kernels/ref/sizes.hpp", kernel, {write(l.out_dense()), SizesArg{selected(l.node, l.shape(0))}});
}

}  // namespace

extern const Op op = {.name = "Shape",
                      .inputs = {{"data", types::any}},
                      .attributes = {{"start", AttributeKind::integer}, {"end", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 13, 15, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Shape
