#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "compiler/emit/emit.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/onnx/model.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/support/diagnostics.hpp"

namespace CLI {
class App;
}

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

// MODEL and --dim of every command that reads a model.
struct ModelArguments {
  std::filesystem::path model;
  std::vector<std::string> dims;
};
void add_model_arguments(CLI::App& command, ModelArguments& arguments);
void add_json_option(CLI::App& command, std::string& path);

// A model read, imported, bounded by --dim and typed.
struct Front {
  onnx::Model model;
  std::unique_ptr<Graph> graph;
};
// Throws UserError with every problem at once.
[[nodiscard]] Front open_model(const ModelArguments& arguments);
// Passes and plan.
[[nodiscard]] Program lower_model(Front& front);
// Provenance and metadata; `name` empty: from the file's name.
[[nodiscard]] EmitOptions emit_options(const Front& front, const std::filesystem::path& model, const std::string& name);

void print_problems(const std::vector<Diagnostic>& problems, const char* kind = "error");
// Writes a report to `path`; "-": standard output.
void write_json(const std::string& path, const nlohmann::ordered_json& report);

// One per file: registers the sub-command, whose callback sets `status`.
void add_bench(CLI::App& app, int& status);
void add_check(CLI::App& app, int& status);
void add_compile(CLI::App& app, int& status);
void add_inspect(CLI::App& app, int& status);
void add_ops(CLI::App& app, int& status);
void add_report(CLI::App& app, int& status);
void add_run(CLI::App& app, int& status);
void add_verify(CLI::App& app, int& status);
void add_weights(CLI::App& app, int& status);

}  // namespace inferc::cli
