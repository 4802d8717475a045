#pragma once
#include "compiler/ops/op.hpp"

// HannWindow, HammingWindow and BlackmanWindow: a - b cos(x) + c cos(2x).
namespace inferc::cosine_window {

void infer(Infer& i);
void lower(Lower& l, double a, double b, double c);
[[nodiscard]] Op op(std::string_view name, void (*lower)(Lower&));

}  // namespace inferc::cosine_window
