#include <CLI/CLI.hpp>

#include "compiler/cli/command.hpp"

namespace inferc::cli {

void add_model_arguments(CLI::App& command, ModelArguments& a) {
  command.add_option("MODEL", a.model, "ONNX file")->required();
  command.add_option("--dim", a.dims, "SYM=N fixes a symbolic size, SYM=LO..HI bounds it; INPUT:AXIS names one by its place")->take_all()->allow_extra_args(false);
}

void add_json_option(CLI::App& command, std::string& path) {
  command.add_option("--json", path, "write the report as JSON to this file; - is standard output");
}

}  // namespace inferc::cli
