#pragma once
#include "compiler/ops/op.hpp"

// Softmax, LogSoftmax and Hardmax: one axis, or (attribute flatten, the rule before opset 13) all dims from it on as one.
namespace inferc::along_axis {

void infer(Infer& i);
[[nodiscard]] Split split(const Lower& l);
// kernel(out, in, outer, axis, inner) on dense operands.
Call& lower(Lower& l, const std::string& kernel, const std::string& header, HostKernel host);

// kernel on rows where the axis is the last, else kernel_columns; float32 only.
bool lower_fast(Lower& l, const std::string& kernel);

}  // namespace inferc::along_axis
