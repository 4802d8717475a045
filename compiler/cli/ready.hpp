#pragma once
#include <memory>
#include <string>

#include "compiler/cli/command.hpp"
#include "compiler/cli/progress.hpp"
#include "compiler/cli/scratch.hpp"
#include "compiler/run/loaded_model.hpp"

namespace inferc::cli {

// Inputs, outputs and symbols of a program, before anything is built.
[[nodiscard]] Signature signature_of(const Program& program);

// The program compiled with $CXX for this CPU (the cache spares what was built before), and loaded.
[[nodiscard]] std::unique_ptr<LoadedModel> build_and_load(const Program& program, const EmitOptions& options, const Progress& progress);

}  // namespace inferc::cli
