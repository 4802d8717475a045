#include <iostream>
#include <memory>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/cli/progress.hpp"
#include "compiler/cli/scratch.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/run/build.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/tensor_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments : ModelArguments {
  fs::path inputs, outputs;
};

int run(const Arguments& a) {
  Front front = open_model(a);
  const EmitOptions o = emit_options(front, a.model, "model");
  const Program program = lower_model(front);
  const Scratch scratch("run");
  write_files_of(scratch.path(), emit(program, o));
  const BuiltModel built = build_model(scratch.path());
  const LoadedModel model(built);
  const auto inputs = read_inputs(a.inputs, model.signature().inputs, onnx::read_tensor);
  const auto outputs = run_model(model, inputs);
  write_outputs(a.outputs, outputs);
  return ok;
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* c = app.add_subcommand("run", "compile, build with $CXX and run a model");
  add_model_arguments(*c, *a);
  c->add_option("--inputs", a->inputs, "folder (input_K.npy, input_K.pb or NAME.npy) or .npz file")->required();
  c->add_option("--outputs", a->outputs, "folder for output_K.npy")->required();
  c->callback([a, &status] { status = run(*a); });
}

}  // namespace inferc::cli
