#pragma once
#include <cstddef>
#include <filesystem>
#include <span>

#include "compiler/onnx/model.hpp"

namespace inferc::onnx {

// Reads a model file. Throws UserError for a damaged file, an unknown IR version, tensors whose bytes do not fit
// their shape, or external data outside the model's folder.
[[nodiscard]] Model read(const std::filesystem::path& path);
// The same from memory; external data is looked up below `folder`.
[[nodiscard]] Model parse(std::span<const std::byte> bytes, const std::filesystem::path& folder = {});
// One serialised TensorProto (test data: input_0.pb).
[[nodiscard]] Tensor read_tensor(const std::filesystem::path& path);

}  // namespace inferc::onnx
