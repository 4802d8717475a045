#pragma once
#include <optional>
#include <string>

#include "compiler/onnx/model.hpp"

namespace inferc::onnx {

// Model-local functions inferc.fixed::Quantize_<ROUNDING>_<OVERFLOW>(x, scale, low, high) are quantisers to fixed point by their
// names, if their bodies compute that.
struct Quantiser {
  std::string rounding, overflow;
  bool canonical;  // whether the body is that of the name
};

// Nothing for other functions.
[[nodiscard]] std::optional<Quantiser> quantiser_of(const Function& f);

}  // namespace inferc::onnx
