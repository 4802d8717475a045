#include <memory>

#include <CLI/CLI.hpp>

#include "compiler/cli/command.hpp"
#include "compiler/cli/later.hpp"
#include "compiler/cli/ready.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/run/tensor_file.hpp"

namespace inferc::cli {
namespace {

namespace fs = std::filesystem;

struct Arguments : ModelArguments {
  fs::path inputs, outputs;
  std::string name;
};

int run(const Arguments& a) {
  Front front = open_model(a);
  const EmitOptions o = emit_options(front, a.model, a.name.empty() ? "model" : a.name);
  const Program program = lower_model(front);
  const Signature signature = signature_of(program);
  const auto inputs = read_inputs(a.inputs, signature.inputs, onnx::read_tensor);
  const SymbolValues sizes = resolve_symbols(signature, inputs);  // before minutes of compilation
  const auto model = build_and_load(program, o, Progress());
  write_outputs(a.outputs, run_model(*model, inputs, sizes));
  return ok;
}

}  // namespace

void add_run(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* c = app.add_subcommand("run", "compile, build with $CXX and run a model");
  add_model_arguments(*c, *a);
  c->add_option("--inputs", a->inputs, "folder (input_K.npy, input_K.pb or NAME.npy) or .npz file")->required();
  c->add_option("--outputs", a->outputs, "folder for output_K.npy")->required();
  c->add_option("--name", a->name, "name of the compiled model (default: model)");
  add_later_options(*c);
  c->callback([a, &status] { status = run(*a); });
}

}  // namespace inferc::cli
