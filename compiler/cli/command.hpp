#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "compiler/cli/arguments.hpp"
#include "compiler/cli/assume.hpp"
#include "compiler/emit/emit.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"
#include "compiler/onnx/part.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::cli {

// Exit codes: reference/INTERFACE section 2.
enum Exit : int { ok = 0, failed = 1, usage = 2 };

// The command line itself is wrong: exit code 2.
class UsageError : public std::runtime_error {
 public:
  explicit UsageError(const std::string& message, std::string help = {}) : runtime_error(message), help_(std::move(help)) {}
  [[nodiscard]] const std::string& help() const { return help_; }

 private:
  std::string help_;
};

// A model read, imported, bounded by --dim and typed.
struct Front {
  onnx::Model model;
  std::unique_ptr<Graph> graph;
  std::vector<Carry> carried{};
  std::vector<UserHeader> user_headers{};
  std::vector<AssumedInput> assumed{};
  std::string batch{};               // the symbol of --batch; empty: none
  std::vector<std::size_t> fixed{};  // places of the static inputs in the graph
  std::vector<std::size_t> strided{};
  bool rounds_weights = false;       // to bfloat16
  std::optional<onnx::Part> part{};  // of the file, that is in the model; none: all
};
// Throws UserError with every problem at once.
[[nodiscard]] Front open_model(const ModelArguments& arguments);
// Passes and plan. `for_workers`: threads may share a call.
[[nodiscard]] Program lower_model(Front& front, bool for_workers = false);
// Provenance and metadata; `name` empty: from the file's name.
[[nodiscard]] EmitOptions emit_options(const Front& front, const ModelArguments& arguments, const std::string& name);

void print_problems(const std::vector<Diagnostic>& problems, const char* kind = "error");
// Writes a report to `path`; "-": standard output.
void write_json(const std::string& path, const nlohmann::ordered_json& report);

// The commands, one per file; they return the exit code.
[[nodiscard]] int bench(const BenchArguments& arguments);
[[nodiscard]] int check(const CheckArguments& arguments);
[[nodiscard]] int compile(const CompileArguments& arguments);
[[nodiscard]] int inspect(const InspectArguments& arguments);
[[nodiscard]] int ops(const std::string& json);
[[nodiscard]] int report(const ReportArguments& arguments);
[[nodiscard]] int run(const RunArguments& arguments);
[[nodiscard]] int verify(const VerifyArguments& arguments);
[[nodiscard]] int weights(const WeightsArguments& arguments);

}  // namespace inferc::cli
