#pragma once
#include <stdexcept>

// A field of the wrong wire type must end in an error, not in an assertion.
namespace inferc::onnx {
struct WireTypeError : std::runtime_error {
  WireTypeError() : std::runtime_error("a field has the wrong wire type") {}
};
}  // namespace inferc::onnx
#define protozero_assert(x) ((x) ? void() : throw ::inferc::onnx::WireTypeError())

#include <protozero/pbf_reader.hpp>
