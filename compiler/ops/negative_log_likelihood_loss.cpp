#include "compiler/ops/log_likelihood.hpp"

namespace inferc::op_NegativeLogLikelihoodLoss {
namespace {

void infer(Infer& i) { static_cast<void>(log_likelihood::infer_loss(i)); }
void lower(Lower& l) { log_likelihood::lower(l, l.in_dense(0)); }

}  // namespace

extern const Op op = {.name = "NegativeLogLikelihoodLoss",
                      .inputs = log_likelihood::ports("input", "target", "weight"),
                      .attributes = log_likelihood::attributes(),
                      .infer = infer,
                      .lower = lower,
                      .versions = "12, 13, 22"};

}  // namespace inferc::op_NegativeLogLikelihoodLoss
