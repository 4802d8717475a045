#include "compiler/ops/cosine_window.hpp"

namespace inferc::op_BlackmanWindow {
namespace {

void lower(Lower& l) { cosine_window::lower(l, 0.42, 0.5, 0.08); }

}  // namespace

extern const Op op = cosine_window::op("BlackmanWindow", lower);

}  // namespace inferc::op_BlackmanWindow
