#include "compiler/cli/verify.hpp"

#include <memory>
#include <thread>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace inferc::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> what;
  std::vector<std::string> dims, against;
  std::filesystem::path onnxruntime;
  VerifyCases cases;
};

int verify_against(const Arguments& a) {
  for (const std::string& peer : a.against)
    if (peer != "onnxruntime") throw UsageError(fmt::format("--against {}: no such reference", escape(peer)), "onnxruntime");
  if (a.what.size() != 1) throw UsageError("verify --against takes one model", "verify MODEL --against onnxruntime");
  VerifyModel options;
  options.model.model = a.what[0];
  options.model.dims = a.dims;
  options.onnxruntime = a.onnxruntime;
  options.json = a.cases.json;
  return verify_model(options);
}

int verify(const Arguments& a) {
  if (!a.against.empty()) return verify_against(a);
  if (!a.dims.empty()) throw UsageError("verify: --dim belongs to --against", "verify MODEL --dim SYM=LO..HI --against onnxruntime");
  for (const auto& path : a.what)
    if (std::filesystem::exists(path) && !std::filesystem::is_directory(path))
      throw UsageError(fmt::format("verify: '{}' is no folder", escape(path.string())), "verify CASE_DIR..., or verify MODEL --against onnxruntime");
  VerifyCases cases = a.cases;
  cases.folders = a.what;
  return verify_cases(cases);
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  a->cases.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* c = app.add_subcommand("verify", "compare generated code with stored results, or with ONNX Runtime and float64");
  c->add_option("CASE_DIR|MODEL", a->what, "a model, with --against; or folders with model.onnx and test_data_set_*/{input,output}_K.pb, or folders of such folders")->required();
  c->add_option("-j,--jobs", a->cases.jobs, "cases at a time (default: the number of processors)")->check(CLI::Range(1, 1024));
  c->add_option("--timeout", a->cases.seconds, "seconds until a case that runs counts as hanging (default: 60)")->check(CLI::Range(1, 86400));
  c->add_option("--keep-outputs", a->cases.keep_outputs, "write DIR/CASE/SET/output_K.npy");
  c->add_option("--dim", a->dims, "with --against: SYM=N fixes a size, SYM=LO..HI bounds it")->take_all()->allow_extra_args(false);
  c->add_option("--against", a->against, "onnxruntime")->delimiter(',')->allow_extra_args(false);
  c->add_option("--onnxruntime", a->onnxruntime, "libonnxruntime.so (default: INFERC_ONNXRUNTIME, or the wheel in .venv)");
  add_json_option(*c, a->cases.json);
  c->callback([a, &status] { status = verify(*a); });
}

}  // namespace inferc::cli
