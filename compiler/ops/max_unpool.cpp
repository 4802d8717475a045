#include "kernels/ref/max_unpool.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"

namespace inferc::op_MaxUnpool {
namespace {

std::vector<std::int64_t> list(const Node& n, const char* key, std::size_t size, std::int64_t otherwise) {
  return n.attr(key, std::vector<std::int64_t>(size, otherwise));
}

// The tensor that was pooled: (size - 1) stride - pads + kernel along each spatial axis.
Shape pooled_shape(const Node& n, const Shape& x) {
  const std::size_t spatial = x.size() - 2;
  const auto kernel = list(n, "kernel_shape", spatial, 1), stride = list(n, "strides", spatial, 1), pads = list(n, "pads", 2 * spatial, 0);
  Shape out{x[0], x[1]};
  for (std::size_t d = 0; d < spatial; ++d) out.push_back((x[d + 2] - Dim(1)) * Dim(stride[d]) + Dim(kernel[d] - pads[d] - pads[spatial + d]));
  return out;
}

bool check_attributes(Infer& i) {
  const std::size_t spatial = i.shape(0).size() - 2;
  const auto kernel = list(i.node, "kernel_shape", 0, 1), stride = list(i.node, "strides", spatial, 1), pads = list(i.node, "pads", 2 * spatial, 0);
  bool sound = kernel.size() == spatial && stride.size() == spatial && pads.size() == 2 * spatial;
  constexpr std::int64_t most = std::int64_t{1} << 40;
  for (const std::int64_t v : kernel) sound &= v > 0 && v < most;
  for (const std::int64_t v : stride) sound &= v > 0 && v < most;
  for (const std::int64_t v : pads) sound &= v >= 0 && v < most;
  return sound || i.fail(fmt::format("kernel_shape, strides and pads must be {} sizes each, the pads twice as many", spatial));
}

void infer(Infer& i) {
  if (i.rank(0) < 3 || i.rank(0) > max_rank || i.rank(1) != i.rank(0)) {
    i.fail(fmt::format("X is {} and I {}: equal ranks from 3 to {} are defined", text(i.type(0)), text(i.type(1)), max_rank));
    return;
  }
  for (std::size_t d = 0; d < i.shape(0).size(); ++d) static_cast<void>(i.unify(i.shape(0)[d], i.shape(1)[d]));
  if (!check_attributes(i)) return;
  Shape out = pooled_shape(i.node, i.shape(0));
  for (std::size_t d = 2; d < out.size(); ++d)
    if (!i.symbols().provably_le(0, out[d])) {
      i.fail(fmt::format("the output would have the size {}", out[d].text()));
      return;
    }
  if (i.has(2)) {
    const auto stated = i.known(2) ? i.content(2) : i.declared(2);
    if (!stated || !content::has_elements(i, 2, out.size())) return;
    if (stated->size() != out.size()) {
      i.fail(fmt::format("output_shape must have {} elements", out.size()));
      return;
    }
    for (std::size_t d = 0; d < out.size(); ++d)
      if (!i.symbols().provably_le(out[d], (*stated)[d])) {
        i.fail(fmt::format("output_shape has {} where {} were pooled", (*stated)[d].text(), out[d].text()));
        return;
      }
    out = *stated;
  }
  i.out(0, i.dtype(0), std::move(out));
}

void lower(Lower& l) {
  if (l.has(2)) content::guard_sizes(l, 2, l.out_type().shape);
  const Shape pooled = pooled_shape(l.node, l.shape(0));
  std::vector<Dim> sizes = pooled;
  sizes.resize(max_rank, Dim(1));
  l.bound_indices(l.in(1), Dim(0), product(pooled) - Dim(1));
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::max_unpool<T, max_rank>); });
  l.reference(
       "ref::max_unpool", "kernels/ref/max_unpool.hpp", kernel,
       {write_view(l.out()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(product(l.shape(0))), SizesArg{sizes}, runtime_size(Dim(l.type(0).rank()))})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "MaxUnpool",
                      .inputs = {{"X", types::floats}, {"I", types::int64}, {"output_shape", types::int64, Port::Arity::optional}},
                      .attributes = {{"kernel_shape", AttributeKind::integers}, {"pads", AttributeKind::integers}, {"strides", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 11, 22"};

}  // namespace inferc::op_MaxUnpool
