#include "compiler/cli/verify.hpp"

#include <memory>
#include <thread>

#include <fmt/format.h>

namespace inferc::cli {
namespace {

struct Arguments {
  std::vector<std::filesystem::path> what;
  VerifyCases cases;
};

int verify(const Arguments& a) {
  VerifyCases cases = a.cases;
  cases.folders = a.what;
  for (const auto& path : a.what)
    if (std::filesystem::exists(path) && !std::filesystem::is_directory(path))
      throw UsageError(fmt::format("verify: '{}' is no folder", escape(path.string())), "verify CASE_DIR..., or verify MODEL --against onnxruntime");
  return verify_cases(cases);
}

}  // namespace

void add_verify(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  a->cases.jobs = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  CLI::App* c = app.add_subcommand("verify", "compare generated code with stored results, or with ONNX Runtime and float64");
  c->add_option("CASE_DIR", a->what, "folders with model.onnx and test_data_set_*/{input,output}_K.pb, or folders of such folders")->required();
  c->add_option("-j,--jobs", a->cases.jobs, "cases at a time (default: the number of processors)")->check(CLI::Range(1, 1024));
  c->add_option("--keep-outputs", a->cases.keep_outputs, "write DIR/CASE/SET/output_K.npy");
  add_json_option(*c, a->cases.json);
  c->callback([a, &status] { status = verify(*a); });
}

}  // namespace inferc::cli
