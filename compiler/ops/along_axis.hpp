#pragma once
#include "compiler/ops/op.hpp"

// Softmax, LogSoftmax and Hardmax: one axis, or (attribute flatten, the rule before opset 13) all dims from it on as one.
namespace inferc::along_axis {

void infer(Infer& i);
[[nodiscard]] Split split(const Lower& l);
// kernel(out, in, outer, axis, inner) on dense operands.
Call& lower(Lower& l, const std::string& kernel, const std::string& header, HostKernel host);

}  // namespace inferc::along_axis
