#include "compiler/ops/log_likelihood.hpp"
#include "kernels/ref/softmax.hpp"

namespace inferc::op_SoftmaxCrossEntropyLoss {
namespace {

void infer(Infer& i) {
  if (log_likelihood::infer_loss(i)) i.out(1, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const Shape& x = l.shape(0);
  const Operand log_prob = l.node.out(1) ? l.out_dense(1) : l.temporary(l.type(0).dtype, x);
  const HostKernel kernel = by_dtype(l.type(0).dtype, FloatTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::log_softmax<T>); });
  l.reference("ref::log_softmax", "kernels/ref/softmax.hpp", kernel,
              {write(log_prob), read(l.in_dense(0)), runtime_size(x[0]), runtime_size(x[1]), runtime_size(product({x.begin() + 2, x.end()}))})
      .flops = Dim(10) * product(x);
  log_likelihood::lower(l, log_prob);
}

}  // namespace

extern const Op op = {.name = "SoftmaxCrossEntropyLoss",
                      .inputs = log_likelihood::ports("scores", "labels", "weights"),
                      .max_outputs = 2,
                      .attributes = log_likelihood::attributes(),
                      .infer = infer,
                      .lower = lower,
                      .versions = "12, 13"};

}  // namespace inferc::op_SoftmaxCrossEntropyLoss
