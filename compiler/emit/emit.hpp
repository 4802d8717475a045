#pragma once
#include <string>
#include <vector>

#include "compiler/emit/names.hpp"
#include "compiler/plan/program.hpp"

namespace inferc {

[[nodiscard]] std::vector<std::string> default_paths();  // of the machine that the compiler runs on
// With v4q, whose instructions (VNNI, VBMI, BF16) no level of x86-64 has, where a kernel of the program uses them.
[[nodiscard]] std::vector<std::string> default_paths(const Program& program);
// Whether a call is of kernels/cpu/quantized.
[[nodiscard]] bool has_integer_products(const std::vector<Call>& calls);

// Inputs with the outputs that the reference kernels give.
struct Sample {
  SymbolValues dims;
  std::vector<Tensor> inputs, outputs;
  bool continues = false;  // with the state that the sample before it left
};

// A header of the user's: its functions are called in the generated code.
struct UserHeader {
  std::string name, text;
};

struct EmitOptions {
  std::string name;        // N: an identifier
  std::string name_space;  // A::B; default N
  std::vector<std::string> paths = default_paths();
  bool embed_weights = false;  // N_weights.S and Model::load()
  bool threads = false;        // run(..., Pool&)
  std::string model_sha256, structure_sha256;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::vector<std::string> options;  // words of the command line that shape the interface
  std::vector<UserHeader> user_headers;
  std::vector<Sample> samples;  // what N_selftest.cpp checks
};

struct File {
  std::string name, content;
};

// The files of a compiled model (reference/INTERFACE section 3), sorted by name.
[[nodiscard]] std::vector<File> emit(const Program& program, const EmitOptions& options);

// Parts of the above.
[[nodiscard]] std::string emit_header(const Program&, const Names&, const EmitOptions&);
[[nodiscard]] std::string emit_source(const Program&, const Names&, const EmitOptions&);
[[nodiscard]] std::string emit_body(const Program&, const Names&, const EmitOptions&);
[[nodiscard]] std::string emit_path(const Program&, const EmitOptions&, const std::string& path);
[[nodiscard]] std::string emit_manifest(const Program&, const Names&, const EmitOptions&);
[[nodiscard]] std::string emit_selftest(const Program&, const Names&, const EmitOptions&);
[[nodiscard]] std::string emit_weights_assembly(const EmitOptions&);
// N.weights: safetensors layout, tensors at multiples of 64 bytes.
[[nodiscard]] std::string emit_weights(const Program&, const EmitOptions&);

// What a build of the model compiles: N.json's "sources".
struct SourceFile {
  std::string name;
  std::vector<std::string> flags;
};
[[nodiscard]] std::vector<SourceFile> sources(const EmitOptions&);
[[nodiscard]] std::vector<std::string> path_flags(const std::string& path);
[[nodiscard]] bool is_code_path(const std::string& path);
// Oldest first, each once; false when paths of different machines are mixed.
[[nodiscard]] bool sort_paths(std::vector<std::string>& paths);
[[nodiscard]] std::string namespace_of(const EmitOptions&);
[[nodiscard]] std::size_t weights_size(const Program&);
// Whether N.hpp defines the functions of size_functions() (workspace_bytes uses them).
[[nodiscard]] bool header_has_size_functions(const Program&, const Names&);

}  // namespace inferc
