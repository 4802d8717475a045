#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "compiler/cli/command.hpp"

namespace inferc::cli {

// Compiles folders of the ONNX backend tests (model.onnx, test_data_set_*/input_K.pb, output_K.pb), runs them and
// compares with the stored outputs.
[[nodiscard]] int verify_cases(const VerifyCases& options);

// Compiles a model and compares its outputs for seeded inputs and several sizes of each symbol with ONNX Runtime's.
struct VerifyModel {
  ModelArguments model;
  std::filesystem::path onnxruntime;  // empty: looked for
  std::string json;                   // may be empty
};
[[nodiscard]] int verify_model(const VerifyModel& options);

}  // namespace inferc::cli
