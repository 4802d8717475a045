#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "compiler/cli/command.hpp"
#include "compiler/run/onnxruntime.hpp"
#include "compiler/run/signature.hpp"

namespace inferc::cli {

// What ONNX Runtime is given of a model: its file, or the part of it that the options leave, and the inputs that they assume.
struct PeerModel {
  std::filesystem::path file;
  std::string part{};  // bytes; empty: all of the file
  std::vector<AssumedInput> assumed{};
};
[[nodiscard]] PeerModel peer_model(const Front& front, const ModelArguments& arguments);

// A model in ONNX Runtime, one thread, with buffers of its own bound: inputs copied from `inputs`, outputs of the types
// and shapes of `outputs`.
class Peer {
 public:
  Peer(const ort::Library& library, const PeerModel& model, ort::Optimization level, const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs);
  void bind(const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs);
  void run() { session_->run(); }
  [[nodiscard]] const std::vector<Tensor>& outputs() const { return outputs_; }

 private:
  std::unique_ptr<ort::Session> session_;
  std::vector<Tensor> inputs_, outputs_;
};

// SYM=N of each option. Throws UsageError.
[[nodiscard]] SymbolValues parse_sizes(const Signature& signature, const std::vector<std::string>& options);

}  // namespace inferc::cli
