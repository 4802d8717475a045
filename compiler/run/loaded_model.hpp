#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/run/build.hpp"
#include "compiler/run/inferc_abi.h"
#include "compiler/run/signature.hpp"

namespace inferc {

// Bytes at a 64-byte aligned address, zeroed.
class AlignedBytes {
 public:
  explicit AlignedBytes(std::size_t size = 0);
  [[nodiscard]] std::byte* data() const { return data_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(std::byte* p) const;
  };
  std::size_t size_ = 0;
  std::unique_ptr<std::byte, Free> data_;
};

// A compiled model in a shared library, reached through its C twin, with loaded weights. The library stays in the
// process until it ends.
class LoadedModel {
 public:
  // Throws UserError: no such library or function, another ABI version, bad weights (an empty path: embedded ones).
  LoadedModel(const std::filesystem::path& library, const std::string& name, const std::filesystem::path& weights);
  explicit LoadedModel(const BuiltModel& built);
  ~LoadedModel();
  LoadedModel(const LoadedModel&) = delete;
  LoadedModel& operator=(const LoadedModel&) = delete;

  [[nodiscard]] const inferc_model& table() const { return *table_; }
  [[nodiscard]] const void* model() const { return storage_.data(); }
  [[nodiscard]] const Signature& signature() const { return signature_; }
  [[nodiscard]] std::string isa() const { return table_->isa(model()); }

 private:
  const inferc_model* table_;
  AlignedBytes storage_;
  Signature signature_;
};

// One call with its own buffers: made once, run often. The model must outlive it.
class BoundCall {
 public:
  // Prepares what static inputs decide.
  BoundCall(const LoadedModel& model, const SymbolValues& values, std::span<const Tensor> inputs);

  int run() noexcept;  // an inferc_status
  void reset();        // what the model keeps from run to run, as it is at first
  // Throws UserError naming the status and the offending symbol or tensor if it is not inferc_ok.
  void require(int status) const;
  // Copies, in the shapes of the last run.
  [[nodiscard]] std::vector<Tensor> outputs() const;
  [[nodiscard]] std::span<const AlignedBytes> input_buffers() const { return inputs_; }
  [[nodiscard]] std::size_t workspace_bytes() const { return workspace_.size(); }
  // Nanoseconds of each call of a run on average, of a model with counters; since the last time they were taken.
  [[nodiscard]] std::vector<double> take_profile();

 private:
  [[nodiscard]] std::string offender(int status) const;
  const LoadedModel* model_;
  std::vector<std::size_t> dims_, measured_;
  std::vector<AlignedBytes> inputs_, outputs_;
  AlignedBytes workspace_;
  std::vector<inferc_input> in_, static_;
  std::vector<inferc_output> out_;
  inferc_workspace scratch_{};
};

// The outputs for these inputs; symbols come from the inputs' shapes and `given`.
[[nodiscard]] std::vector<Tensor> run_model(const LoadedModel& model, std::span<const Tensor> inputs, const SymbolValues& given = {});

}  // namespace inferc
