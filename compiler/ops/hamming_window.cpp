#include "compiler/ops/cosine_window.hpp"

namespace inferc::op_HammingWindow {
namespace {

void lower(Lower& l) { cosine_window::lower(l, 25.0 / 46, 21.0 / 46, 0); }

}  // namespace

extern const Op op = cosine_window::op("HammingWindow", lower);

}  // namespace inferc::op_HammingWindow
