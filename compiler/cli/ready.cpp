#include "compiler/cli/ready.hpp"

#include "compiler/emit/native_path.hpp"
#include "compiler/run/build.hpp"

namespace inferc::cli {

Signature signature_of(const Program& program) {
  Signature out;
  std::vector<std::size_t> places;  // of the inputs of run among all
  for (std::size_t i = 0, next_static = 0; places.size() < program.inputs.size() || next_static < program.static_inputs.size(); ++i) {
    const bool is_static = next_static < program.static_inputs.size() && program.static_inputs[next_static] == i;
    const TensorPort& p = is_static ? program.prepare->inputs[next_static] : program.inputs[places.size()];
    is_static ? void(++next_static) : places.push_back(i);
    out.inputs.push_back({p.name, p.type});
  }
  for (const TensorPort& p : program.outputs) out.outputs.push_back({p.name, p.type});
  out.symbols = *program.symbols;
  out.told = told_sizes(program);
  for (ToldSize& t : out.told) t.input = places[t.input];
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
