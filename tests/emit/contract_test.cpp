#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

#include <gtest/gtest.h>

#include "compiler/emit/emit.hpp"
#include "compiler/run/build.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/support/process.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {
namespace {

// tanh(x) + bias over [batch, 3], names that must not reach the code as they are.
std::filesystem::path compiled(const std::string& folder) {
  const auto dir = scratch_dir(folder);
  const std::vector<float> bias{1, 2, 3};
  ModelSpec spec;
  spec.graph.inputs = {{"x\"*/ int;\n", DType::float32, {"int", 3}}};
  spec.graph.initializers = {{"w */ #error", tensor_of<float>({3}, std::span<const float>(bias))}};
  spec.graph.nodes = {{"Tanh", {"x\"*/ int;\n"}, {"t"}, {}, "*/ #error\n#error"}, {"Add", {"t", "w */ #error"}, {"Outputs"}}};
  spec.graph.outputs = {{"Outputs", DType::float32, {"int", 3}}};
  write_model(dir / "m.onnx", spec);
  const Finished done = run_process({{INFERC, "compile", (dir / "m.onnx").string(), "-o", (dir / "out").string(), "--name", "m", "--dim", "int=0..8"}, {}, 0});
  EXPECT_EQ(done.status, 0) << done.output;
  return dir / "out";
}

const BuiltModel& built() {
  static const BuiltModel model = [] {
    BuildOptions options = build_options();
    options.flags = {"-O1"};
    options.cache = scratch_dir("contract_cache");
    return build_model(compiled("contract"), options);
  }();
  return model;
}

struct Buffers {
  std::vector<std::size_t> dims{4};
  std::vector<float> in = std::vector<float>(24, 0.5f), out = std::vector<float>(24, -7);
  inferc_input input{in.data(), 48};
  inferc_output output{out.data(), 48};
  AlignedBytes scratch{4096};
  inferc_workspace workspace{scratch.data(), 4096, 0};
  int run(const LoadedModel& m) { return m.table().run(m.model(), dims.data(), &input, &output, nullptr, &workspace); }
  [[nodiscard]] bool untouched() const {
    return std::all_of(out.begin(), out.end(), [](float x) { return x == -7; });
  }
};

TEST(Contract, WrongCallsAreRefusedBeforeAnythingIsWritten) {
  const LoadedModel model(built());
  Buffers b;
  b.dims[0] = 9;
  EXPECT_EQ(b.run(model), inferc_dim_out_of_bounds);
  EXPECT_EQ(b.workspace.offender, 0U);
  b = Buffers();
  b.input.bytes = 47;
  EXPECT_EQ(b.run(model), inferc_buffer_too_small);
  EXPECT_EQ(b.workspace.offender, 0U);
  b.input.bytes = 48, b.output.bytes = 44;
  EXPECT_EQ(b.run(model), inferc_buffer_too_small);
  EXPECT_EQ(b.workspace.offender, 1U);
  b.output = {b.in.data() + 1, 48}, b.input = {b.in.data(), 48};
  EXPECT_EQ(b.run(model), inferc_overlap);
  EXPECT_TRUE(b.untouched());
}

TEST(Contract, RunsUnderStrictSeccomp) {
  const LoadedModel model(built());
  Buffers b;
  b.input.data = b.in.data(), b.output.data = b.out.data(), b.workspace = {b.scratch.data(), 4096, 0};
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    const int status = b.run(model);
    ::syscall(SYS_exit, status);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(Contract, EmissionIsReproducible) {
  const auto a = compiled("replay_a"), b = compiled("replay_b");
  EXPECT_EQ(run_process({{"diff", "-r", a.string(), b.string()}, {}, 0}).status, 0);
}

TEST(Contract, SelfTestPasses) {
  const auto dir = compiled("selftest");
  const Finished done =
      run_process({{"sh", "-c",
                    "c++ -std=c++20 -O1 -c m.cpp && c++ -std=c++20 -O1 -ffp-contract=off -c m_base.cpp && "
                    "c++ -std=c++20 -O1 -ffp-contract=off -march=x86-64-v3 -c m_v3.cpp && c++ -std=c++20 -O1 -ffp-contract=off -march=x86-64-v4 -c m_v4.cpp && "
                    "c++ -std=c++20 -c m_selftest.cpp && c++ *.o -o t && ./t"},
                   dir,
                   0});
  EXPECT_EQ(done.status, 0) << done.output;
}

TEST(Contract, ThreadsShareOneModel) {
  const LoadedModel model(built());
  std::vector<std::jthread> threads;
  std::array<int, 8> wrong{};
  for (std::size_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      Buffers b;
      for (int i = 0; i < 200; ++i) wrong[t] += b.run(model) != 0 || b.out[0] != b.out[3];
    });
  threads.clear();
  for (const int w : wrong) EXPECT_EQ(w, 0);
}

}  // namespace
}  // namespace inferc::test
