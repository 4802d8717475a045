#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace inferc::cli {

// What the command line says, command by command; a path to a JSON report may be empty.

struct ModelArguments {
  std::filesystem::path model;
  std::vector<std::string> dims;         // SYM=N, SYM=LO..HI
  std::vector<std::string> dim_names{};  // OLD=NEW
  bool random_as_input = false;
  std::vector<std::string> carry{};   // OUT=IN
  std::vector<std::string> op{};      // DOMAIN::NAME=header
  std::vector<std::string> keep{};    // --outputs: names; empty: all
  std::vector<std::string> assume{};  // INPUT=VALUE
  std::string batch{};                // SYM; empty: none
  std::vector<std::string> fixed{};   // --static-input: names
  std::vector<std::string> strided{};
  std::string precision = "f32";  // or bf16
};

struct BenchArguments : ModelArguments {
  std::vector<std::string> against, sizes;
  std::filesystem::path onnxruntime, inputs;  // inputs: empty: drawn
  std::size_t threads = 1;
  bool cold = false, profile = false;
  double seconds = 1;
  std::string json;
};

struct CheckArguments : ModelArguments {
  std::string json;
};

struct CompileArguments : ModelArguments {
  std::filesystem::path output;
  std::string name, name_space;
  std::vector<std::string> paths;  // empty: default_paths() of the program
  bool embed_weights = false;
  bool threads = false, profile = false;
  std::optional<std::uint64_t> max_workspace, max_code;  // bytes
  std::string json;
};

struct InspectArguments : ModelArguments {
  std::string after, json;
};

struct ReportArguments {
  std::vector<std::filesystem::path> benches;
  std::filesystem::path output;
};

struct RunArguments : ModelArguments {
  std::filesystem::path inputs, outputs;
  std::string name;
};

struct VerifyCases {
  std::vector<std::filesystem::path> folders;
  int jobs = 1;
  int seconds = 60;                    // that a case may run
  std::filesystem::path keep_outputs;  // may be empty
  std::vector<std::string> op{};       // DOMAIN::NAME=header
  std::string json;
};

struct VerifyArguments {
  std::vector<std::filesystem::path> what;
  std::vector<std::string> dims, carry, keep, assume, against;
  std::string precision = "f32";
  std::filesystem::path onnxruntime;
  VerifyCases cases;
};

struct WeightsArguments {
  std::filesystem::path model, manifest, output;
};

}  // namespace inferc::cli
