// Each pass of the pipeline on test cases: what the graph computes before and after it, node by node by the reference
// kernels, and as imported against the stored outputs.
//   pass_results FOLDER      cases in the form of the ONNX backend tests
// Prints a line per case that fails and how often each pass changed a graph; exit 1 for a failure.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

// Of max |y|: oracle.py says why.
constexpr double tolerance = 1e-5;

struct Sample {
  std::vector<Tensor> inputs, results;
};

std::vector<fs::path> sorted_folders(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_directory()) out.push_back(entry.path());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Tensor> stored(const fs::path& folder, std::string_view what) {
  std::vector<Tensor> out;
  for (std::size_t i = 0; fs::exists(folder / fmt::format("{}_{}.pb", what, i)); ++i) out.push_back(onnx::read_tensor(folder / fmt::format("{}_{}.pb", what, i)));
  return out;
}

double largest(const Tensor& t) {
  double out = 0;
  for (std::size_t i = 0; i < t.size(); ++i) out = std::max(out, std::fabs(element(t, i)));
  return out;
}

// Floats by their distance in units of max |y|, all else exactly.
std::string difference(const std::vector<Tensor>& got, const std::vector<Tensor>& expected, double allowed) {
  if (got.size() != expected.size()) return "the number of outputs changes";
  for (std::size_t i = 0; i < got.size(); ++i)
    if (const Comparison c = compare(got[i], expected[i], {0, allowed * largest(expected[i])}); !c.passed) return fmt::format("output {}: {}", i, c.reason);
  return {};
}

// The bits, a zero's sign included.
std::string changed_bits(const std::vector<Tensor>& got, const std::vector<Tensor>& expected) {
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!got[i].same(expected[i])) return fmt::format("output {}: other bits: {}", i, compare(got[i], expected[i], {0, 0}).reason);
  return {};
}

std::unique_ptr<Graph> typed_model(const fs::path& path) {
  Diagnostics problems;
  auto graph = onnx::import(onnx::read(path), problems);
  if (problems.failed() || !infer_types(*graph, problems)) throw UserError(problems.errors());
  return graph;
}

// "": equal before and after.
std::string check_pass(const Pass& pass, const Graph& graph, std::vector<Sample>& samples) {
  for (Sample& s : samples) {
    std::vector<Tensor> after = evaluate_graph(graph, s.inputs);
    std::string problem = difference(after, s.results, tolerance);
    if (problem.empty() && pass.kind == PassClass::exact) problem = changed_bits(after, s.results);
    if (!problem.empty()) return fmt::format("{}: {}", pass.name, problem);
    s.results = std::move(after);
  }
  return {};
}

std::string check_case(const fs::path& folder, std::map<std::string_view, int>& changes) {
  const std::unique_ptr<Graph> graph = typed_model(folder / "model.onnx");
  std::vector<Sample> samples;
  for (const fs::path& set : sorted_folders(folder)) {
    Sample s{stored(set, "input"), {}};
    s.results = evaluate_graph(*graph, s.inputs);
    if (const std::string problem = difference(s.results, stored(set, "output"), tolerance); !problem.empty()) return "as imported: " + problem;
    samples.push_back(std::move(s));
  }
  for (const Pass& pass : pipeline()) {
    const bool changed = pass.run(*graph);
    verify(*graph);
    changes[pass.name] += changed;
    if (const std::string problem = check_pass(pass, *graph, samples); !problem.empty()) return problem;
  }
  return {};
}

int run(const fs::path& folder) {
  std::map<std::string_view, int> changes;
  int failures = 0;
  for (const fs::path& c : sorted_folders(folder)) {
    std::string problem;
    try {
      problem = check_case(c, changes);
    } catch (const UserError& e) {
      problem = "refused: " + e.problems().front().message;
    } catch (const std::exception& e) {
      problem = e.what();
    }
    failures += !problem.empty();
    if (!problem.empty()) std::printf("FAIL %s: %s\n", c.filename().c_str(), problem.c_str());
  }
  for (const Pass& pass : pipeline()) std::printf("changed %d %s\n", changes[pass.name], std::string(pass.name).c_str());
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace inferc

int main(int argc, char** argv) { return argc == 2 ? inferc::run(argv[1]) : 2; }
