#pragma once
#include <filesystem>
#include <vector>

#include "compiler/cli/command.hpp"
#include "compiler/run/onnxruntime.hpp"
#include "compiler/run/signature.hpp"

namespace inferc::cli {

// A model in ONNX Runtime, one thread, with buffers of its own bound: inputs copied from `inputs`, outputs of the types
// and shapes of `outputs`.
class Peer {
 public:
  Peer(const ort::Library& library, const std::filesystem::path& model, ort::Optimization level, const std::vector<Tensor>& inputs,
       const std::vector<Tensor>& outputs);
  void bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs);
  void run() { session_.run(); }
  [[nodiscard]] const std::vector<Tensor>& outputs() const { return outputs_; }

 private:
  ort::Session session_;
  std::vector<Tensor> inputs_, outputs_;
};

// SYM=N of each option. Throws UsageError.
[[nodiscard]] SymbolValues parse_sizes(const Signature& signature, const std::vector<std::string>& options);

}  // namespace inferc::cli
