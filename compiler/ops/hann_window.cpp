#include "compiler/ops/cosine_window.hpp"

namespace inferc::op_HannWindow {
namespace {

void lower(Lower& l) { cosine_window::lower(l, 0.5, 0.5, 0); }

}  // namespace

extern const Op op = cosine_window::op("HannWindow", lower);

}  // namespace inferc::op_HannWindow
