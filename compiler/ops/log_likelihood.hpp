#pragma once
#include "compiler/ops/op.hpp"

// What NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss share: input [N, C, d...], labels [N, d...], weights [C].
namespace inferc::log_likelihood {

bool infer_loss(Infer& i);  // checks all operands, gives output 0
void lower(Lower& l, const Operand& log_prob);
[[nodiscard]] std::vector<Port> ports(std::string_view input, std::string_view labels, std::string_view weights);
[[nodiscard]] std::vector<AttributeSpec> attributes();

}  // namespace inferc::log_likelihood
