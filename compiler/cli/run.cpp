#include "compiler/cli/command.hpp"
#include "compiler/cli/ready.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/run/tensor_file.hpp"

namespace inferc::cli {
int run(const RunArguments& a) {
  Front front = open_model(a);
  const EmitOptions o = emit_options(front, a, a.name.empty() ? "model" : a.name);
  const Program program = lower_model(front);
  const Signature signature = signature_of(program);
  const auto inputs = read_inputs(a.inputs, signature.inputs, onnx::read_tensor);
  const SymbolValues sizes = resolve_symbols(signature, inputs);  // before minutes of compilation
  const auto model = build_and_load(program, o, Progress());
  write_outputs(a.outputs, run_model(*model, inputs, sizes));
  return ok;
}

}  // namespace inferc::cli
