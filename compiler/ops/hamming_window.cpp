#include "compiler/ops/cosine_window.hpp"

namespace inferc {
namespace {

void lower(Lower& l) { cosine_window::lower(l, 25.0 / 46, 21.0 / 46, 0); }

}  // namespace

extern const Op op_HammingWindow = cosine_window::op("HammingWindow", lower);

}  // namespace inferc
