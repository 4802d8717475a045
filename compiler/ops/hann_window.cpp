#include "compiler/ops/cosine_window.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { cosine_window::lower(l, 0.5, 0.5, 0); }

}  // namespace

extern const Op op_HannWindow = cosine_window::op("HannWindow", lower);

}  // namespace inferc
