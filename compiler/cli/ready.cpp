#include "compiler/cli/ready.hpp"

#include "compiler/emit/native_path.hpp"
#include "compiler/run/build.hpp"

namespace inferc::cli {

Signature signature_of(const Program& program) {
  Signature out;
  for (const TensorPort& p : program.inputs) out.inputs.push_back({p.name, p.type});
  for (const TensorPort& p : program.outputs) out.outputs.push_back({p.name, p.type});
  out.symbols = *program.symbols;
  out.told = told_sizes(program);
  return out;
}

std::unique_ptr<LoadedModel> build_and_load(const Program& program, const EmitOptions& options, const Progress& progress) {
  EmitOptions native = options;
  native.paths = {native_code_path(program)};
  const Scratch scratch("build");
  write_files_of(scratch.path(), emit(program, native));
  progress.show("compiling the generated code");
  const BuiltModel built = build_model(scratch.path());
  progress.clear();
  return std::make_unique<LoadedModel>(built);
}

}  // namespace inferc::cli
