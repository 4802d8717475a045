#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/support/process.hpp"
#include "tests/support/paths.hpp"

// The ONNX 1.22 backend data by the reference kernels: what is not refused must meet the stored values.
namespace inferc {
namespace {

namespace fs = std::filesystem;

enum class Verdict { passed, refused, failed };
struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string reason;
};

std::vector<Tensor> tensors(const fs::path& folder, const std::string& stem) {
  std::vector<Tensor> out;
  for (std::size_t k = 0; fs::exists(folder / (stem + std::to_string(k) + ".pb")); ++k)
    out.push_back(onnx::read_tensor(folder / (stem + std::to_string(k) + ".pb")));
  return out;
}

std::string unsupported(const Graph& graph) {
  for (const Node* n : graph.nodes())
    if (!find_op(n->op, n->domain)) return "operator " + n->op;
  return {};
}

Outcome run_set(const Graph& graph, const fs::path& set) {
  const std::vector<Tensor> inputs = tensors(set, "input_"), expected = tensors(set, "output_");
  for (const Tensor& t : inputs)
    if (t.dtype() == DType::undefined) return {Verdict::refused, "an input of another type"};
  const Comparison c = compare_all(evaluate_graph(graph, inputs), expected);
  return c.passed ? Outcome{} : Outcome{Verdict::failed, c.reason};
}

Outcome run_case(const fs::path& folder) {
  try {
    Diagnostics problems;
    const auto graph = onnx::import(onnx::read(folder / "model.onnx"), problems);
    if (problems.failed()) return {Verdict::refused, problems.errors()[0].message};
    // Sequences become tensors while types are inferred.
    if (!unsupported(*graph).empty() && !infer_types(*graph, problems)) return {Verdict::refused, problems.errors()[0].message};
    if (const std::string op = unsupported(*graph); !op.empty()) return {Verdict::refused, op};
    for (const auto& entry : fs::directory_iterator(folder)) {
      if (!entry.is_directory()) continue;
      if (Outcome o = run_set(*graph, entry.path()); o.verdict != Verdict::passed) return o;
    }
    return {};
  } catch (const UserError& e) {
    return {Verdict::refused, e.what()};
  } catch (const std::exception& e) {
    return {Verdict::failed, e.what()};
  }
}

TEST(Conformance, StoredValuesOfTheBackendTests) {
  const fs::path archive = test::shared_dir() / "conformance" / "onnx-1.22.0-backend-tests.tar.xz";
  if (!fs::exists(archive)) GTEST_SKIP() << "no ../shared/conformance";
  const fs::path data = test::scratch_dir("conformance");
  ASSERT_EQ(run_process({.words = {"tar", "-xJf", archive.string(), "-C", data.string()}, .folder = {}}).status, 0);
  std::map<std::string, Outcome> outcomes;
  for (const auto& entry : fs::recursive_directory_iterator(data))
    if (entry.path().filename() == "model.onnx" && fs::exists(entry.path().parent_path() / "test_data_set_0"))
      outcomes[fs::relative(entry.path().parent_path(), data).string()] = run_case(entry.path().parent_path());
  std::map<Verdict, int> count;
  std::map<std::string, int> reasons;
  for (const auto& [name, o] : outcomes) {
    ++count[o.verdict];
    if (o.verdict == Verdict::refused) ++reasons[o.reason.substr(0, o.reason.find('\''))];
    if (o.verdict == Verdict::failed) ADD_FAILURE() << name << ": " << o.reason;
  }
  fs::remove_all(data);
  for (const auto& [reason, n] : reasons) std::printf("refused %4d: %s\n", n, reason.c_str());
  if (const char* list = std::getenv("INFERC_CONFORMANCE_LIST"))
    for (std::ofstream file(list); const auto& [name, o] : outcomes)
      file << (o.verdict == Verdict::passed ? "PASS " : o.verdict == Verdict::refused ? "REFUSED " : "FAIL ") << name << ": " << o.reason << '\n';
  std::printf("%d passed, %d failed, %d refused\n", count[Verdict::passed], count[Verdict::failed], count[Verdict::refused]);
  EXPECT_GE(count[Verdict::passed], 1788) << "fewer cases than before are supported";
}

}  // namespace
}  // namespace inferc
