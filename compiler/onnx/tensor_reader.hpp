#pragma once
#include <filesystem>
#include <string>
#include <utility>

#include "compiler/ir/tensor.hpp"
#include "compiler/onnx/proto.hpp"

namespace inferc::onnx {

// Name and elements of a TensorProto. String tensors keep shape [0] and dtype undefined.
[[nodiscard]] std::pair<std::string, Tensor> parse_tensor(protozero::pbf_reader message, const std::filesystem::path& folder);
// A SparseTensorProto as the dense tensor it stands for.
[[nodiscard]] std::pair<std::string, Tensor> parse_sparse_tensor(protozero::pbf_reader message, const std::filesystem::path& folder);

}  // namespace inferc::onnx
