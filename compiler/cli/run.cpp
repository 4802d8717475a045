#include <iostream>
#include <memory>

#include <fmt/format.h>

#include <unistd.h>

#include "compiler/cli/command.hpp"
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

// A folder of our own, removed at the end.
class Scratch {
 public:
  Scratch() : path_(fs::temp_directory_path() / fmt::format("inferc-run-{}", ::getpid())) { fs::create_directories(path_); }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

int run(const Arguments& a) {
  Front front = open_model(a);
  const EmitOptions o = emit_options(front, a.model, "model");
  const Program program = lower_model(front);
  const Scratch scratch;
  const std::vector<File> files = emit(program, o);
  std::vector<FileView> views;
  for (const File& f : files) views.push_back({f.name, f.content});
  write_files(scratch.path(), views);
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
