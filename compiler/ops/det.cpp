#include "kernels/ref/det.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc::op_Det {
namespace {

void infer(Infer& i) {
  const Shape& x = i.shape(0);
  if (x.size() < 2) {
    i.fail(fmt::format("X has rank {}, at least 2 is defined", x.size()));
    return;
  }
  static_cast<void>(i.unify(x[x.size() - 2], x.back()));
  i.out(0, i.dtype(0), {x.begin(), x.end() - 2});
}

void lower(Lower& l) {
  const Dim n = l.shape(0).back(), batch = product(l.out_type().shape);
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::det<T>); });
  l.reference("ref::det", "kernels/ref/det.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), write(l.temporary(l.type(0).dtype, {n, n})), runtime_size(batch), runtime_size(n)})
      .flops = batch * n * n * n;
}

}  // namespace

extern const Op op = {.name = "Det", .inputs = {{"X", types::floats}}, .infer = infer, .lower = lower, .versions = "11, 22"};

}  // namespace inferc::op_Det
