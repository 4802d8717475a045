#include "compiler/ops/normalization.hpp"
#include "compiler/ops/reduce.hpp"
#include "kernels/ref/normalization.hpp"

namespace inferc::op_MeanVarianceNormalization {
namespace {

std::vector<std::int64_t> axes(const Node& n) { return n.attr("axes", std::vector<std::int64_t>{0, 2, 3}); }

void infer(Infer& i) {
  for (const std::int64_t a : axes(i.node))
    if (!i.axis(a, i.rank(0))) return;
  i.out(0, i.dtype(0), i.shape(0));
}

// (x - mean) / sqrt(var) with ONNX's guard of 1e-9 on the deviation, taken as its square on the variance.
void lower(Lower& l) {
  const Operand x = l.in(0);
  const std::vector<bool> gone = reduction::reduced(l.node, x.rank(), axes(l.node));
  Shape statistics = x.shape;
  for (std::size_t d = 0; d < gone.size(); ++d)
    if (gone[d]) statistics[d] = Dim(1);
  const auto m = normalization::moments(l, x, statistics, 1e-18);
  const HostKernel kernel = by_dtype(x.dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::standardize<T, max_rank>); });
  Call& c = l.reference("ref::standardize", "kernels/ref/normalization.hpp", kernel,
                        {write_view(l.out()), read_view(x), read_view(broadcast_view(m.mean, x.shape)), read_view(broadcast_view(m.inv, x.shape))});
  c.in_place = {{0, 1}};
  c.flops = Dim(2) * x.size();
}

}  // namespace

extern const Op op = {.name = "MeanVarianceNormalization",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"axes", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 13"};

}  // namespace inferc::op_MeanVarianceNormalization
