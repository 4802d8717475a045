#include <cstdlib>

#include <gtest/gtest.h>

#include "compiler/emit/emit.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/reference_samples.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/control_graphs.hpp"
#include "tests/support/graphs.hpp"
#include "tests/support/paths.hpp"

// Control flow and measured sizes in generated code.
namespace inferc::test {
namespace {

class Emitted : public testing::TestWithParam<ControlCase> {};

std::filesystem::path emitted(const ControlCase& c) {
  const auto graph = typed_graph(c.graph);
  EmitOptions options;
  options.name = c.name;
  options.samples = reference_samples(*graph);
  run_pipeline(*graph);
  const Program program = plan(*graph);
  const auto folder = scratch_dir("control_" + c.name) / "out";
  const std::vector<File> files = emit(program, options);
  std::vector<FileView> views;
  for (const File& f : files) views.push_back({f.name, f.content});
  write_files(folder, views);
  return folder;
}

TEST_P(Emitted, GivesWhatTheGraphGivesOnEveryPath) {
  const ControlCase& c = GetParam();
  BuildOptions build = build_options();
  build.flags = {"-O1"};
  build.cache = scratch_dir("control_cache_" + c.name);
  const BuiltModel built = build_model(emitted(c), build);
  for (const char* path : {"base", "v3", "v4"}) {
    ::setenv("INFERC_ISA", path, 1);
    const LoadedModel loaded(built);
    if (loaded.isa() != path) continue;  // not on this machine
    for (const std::vector<Tensor>& inputs : c.inputs) {
      const auto expected = evaluate_graph(*typed_graph(c.graph), inputs), actual = run_model(loaded, inputs);
      for (std::size_t k = 0; k < expected.size(); ++k) EXPECT_TRUE(actual[k].same(expected[k])) << path << " output " << k;
    }
  }
  ::unsetenv("INFERC_ISA");
}

TEST_P(Emitted, CompilesWithoutWarningsAndPassesItsSelfTest) {
  const auto folder = emitted(GetParam());
  for (const char* compiler : {"g++", "clang++"}) {
    if (run_process({{"sh", "-c", std::string("command -v ") + compiler}, {}, 0}).status != 0) continue;
    const std::string n = GetParam().name, base = std::string(compiler) + " -std=c++20 -Wall -Wextra -Wpedantic -Werror -O1 -ffp-contract=off ";
    std::string script = base + "-c " + n + ".cpp && " + base + "-c " + n + "_base.cpp && " + base + "-march=x86-64-v3 -c " + n + "_v3.cpp && " + base +
                         "-march=x86-64-v4 -c " + n + "_v4.cpp && " + base + "-c " + n + "_selftest.cpp && " + base + "*.o -o t && ./t";
    const Finished done = run_process({{"sh", "-c", script}, folder, 0});
    EXPECT_EQ(done.status, 0) << compiler << "\n" << done.output;
  }
}

INSTANTIATE_TEST_SUITE_P(Control, Emitted, testing::ValuesIn(control_cases()), [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace inferc::test
