#pragma once
#include "compiler/ops/op.hpp"

// What Cast and CastLike share.
namespace inferc::conversion {

void infer(Infer& i, DType to);  // type and partial data of output 0
void lower(Lower& l);            // input 0 as the element type of output 0
bool lower_fast(Lower& l);
[[nodiscard]] std::string functor(const Node& n);  // "functors::cast<float>"

}  // namespace inferc::conversion
