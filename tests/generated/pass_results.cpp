// Each pass of the pipeline on test cases: what the graph computes before and after it, node by node by the reference
// kernels, and as imported against the stored outputs; and whether each operand of the calls stays in its buffer.
//   pass_results FOLDER      cases in the form of the ONNX backend tests
//   pass_results --calls     of the cases whose folders stand in the lines of standard input, only what calls they become and the
//                            operands' places
// Prints a line per case that fails, how often each pass changed a graph, and of the calls that the graphs become each fast kernel and
// each operator that shares a call with others, with their counts (with --calls the number of cases); exit 1 for a failure.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/evaluate_control.hpp"
#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/plan/row_blocks.hpp"
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

struct Counts {
  std::map<std::string, int> changed, kernel, fused;
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
  for (std::size_t i = 0; fs::exists(folder / fmt::format("{}_{}.pb", what, i)); ++i)
    out.push_back(onnx::read_tensor(folder / fmt::format("{}_{}.pb", what, i)));
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

// The bits, a zero's sign included; not behind integers, which have one zero (docs/quantised.md).
std::string changed_bits(const std::vector<Tensor>& got, const std::vector<Tensor>& expected, bool one_zero) {
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (got[i].same(expected[i])) continue;
    const Comparison c = compare(got[i], expected[i], {0, 0});
    if (!one_zero || !c.passed) return fmt::format("output {}: other bits: {}", i, c.reason);
  }
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
    if (problem.empty() && pass.kind == PassClass::exact) problem = changed_bits(after, s.results, pass.name == "lower-fixed-point");
    if (!problem.empty()) return fmt::format("{}: {}", pass.name, problem);
    s.results = std::move(after);
  }
  return {};
}

void count_calls(const std::vector<Call>& calls, Counts& counts) {
  for (const Call& c : calls) {
    if (c.fast) ++counts.kernel[c.kernel];
    for (const TemplateArg& a : c.template_args)
      if (const auto* name = std::get_if<std::string>(&a); name && name->starts_with("cpu::")) ++counts.kernel[*name];
    for (const std::string& node : c.nodes)
      if (c.nodes.size() > 1) ++counts.fused[node.substr(0, node.find(' '))];
    for (const auto& body : c.bodies) count_calls(body, counts);
  }
}

bool run_everywhere(const Pass& pass, Graph& graph) {
  bool changed = false;
  for (Node* n : graph.nodes())
    if (is_control(*n))
      for (Region& r : n->regions) changed = run_everywhere(pass, *r.graph) || changed;
  return pass.run(graph) || changed;
}

// Each symbol another size, unless that does not meet the equalities.
std::vector<SymbolValues> unequal_sizes(const Symbols& symbols) {
  std::vector<SymbolValues> out;
  for (const std::int64_t first : {3, 20}) {
    for (const std::int64_t step : {1, 7, -1}) {
      SymbolValues values;
      std::int64_t next = step < 0 ? 2 * first : first;
      for (const Symbol& s : symbols.all())
        values[s.name] = std::clamp(std::exchange(next, std::max<std::int64_t>(next + step, 1)), s.bounds.lower, s.bounds.upper);
      const auto& all = symbols.equalities();
      if (std::all_of(all.begin(), all.end(), [&](const auto& e) { return symbols.has_measured(e) || evaluate(e.a, values) == evaluate(e.b, values); }))
        out.push_back(std::move(values));
    }
  }
  return out;
}

// Rows that a loop counts are in it: its number is below the limit then.
bool stays(const Operand& v, const Buffer& buffer, const Symbols& symbols, const SymbolValues& values) {
  if (symbols.has_measured(v.offset)) return true;
  const auto number = [&](const Dim& d) { return evaluate(symbols.at_limits(d), values); };
  std::int64_t low = number(v.offset), high = low;
  for (std::size_t d = 0; d < v.shape.size(); ++d) {
    const std::int64_t n = number(v.shape[d]), step = number(v.strides[d]);
    if (n <= 0) return true;
    (step < 0 ? low : high) += (n - 1) * step;
  }
  const auto bytes = [&](std::int64_t n, DType t) { return n * static_cast<std::int64_t>(byte_size(t)); };
  return low >= 0 && bytes(high + 1, v.dtype) <= bytes(number(buffer.size), buffer.dtype);
}

// "": no operand leaves its buffer.
std::string beyond(const Program& p, const std::vector<Call>& calls, const SymbolValues& values) {
  for (const Call& c : calls) {
    for (const Arg& a : c.args)
      for (const auto& [operand, access] : operands(a))
        if (const Buffer& b = p.buffers[operand->buffer.index]; !stays(*operand, b, *p.symbols, values))
          return fmt::format("an operand of {} leaves the buffer of '{}'", c.kernel, b.name);
    for (const auto& body : c.bodies)
      if (std::string problem = beyond(p, body, values); !problem.empty()) return problem;
  }
  return {};
}

std::string beyond(const Program& p) {
  for (const SymbolValues& values : unequal_sizes(*p.symbols))
    if (std::string problem = beyond(p, p.calls, values); !problem.empty()) return problem;
  return {};
}

std::string check_case(const fs::path& folder, Counts& counts) {
  const std::unique_ptr<Graph> graph = typed_model(folder / "model.onnx");
  std::vector<Sample> samples;
  for (const fs::path& set : sorted_folders(folder)) {
    Sample s{stored(set, "input"), {}};
    s.results = evaluate_graph(*graph, s.inputs);
    if (const std::string problem = difference(s.results, stored(set, "output"), tolerance); !problem.empty()) return "as imported: " + problem;
    samples.push_back(std::move(s));
  }
  std::string before = text(*graph);
  for (const Pass& pass : pipeline()) {
    counts.changed[std::string(pass.name)] += run_everywhere(pass, *graph);
    verify(*graph);
    std::string after = text(*graph);
    if (after == before) continue;
    before = std::move(after);
    if (const std::string problem = check_pass(pass, *graph, samples); !problem.empty()) return problem;
  }
  const Program program = plan(*graph);
  count_calls(program.calls, counts);
  if (std::string problem = beyond(program); !problem.empty()) return problem;
  return beyond(plan_in_blocks(*graph));
}

void print(const char* what, const std::map<std::string, int>& counts) {
  for (const auto& [name, count] : counts) std::printf("%s %d %s\n", what, count, name.c_str());
}

// Whether `check`, which gives a problem, finds one in the case.
template <class Check>
bool fails(const fs::path& folder, Check check) {
  std::string problem;
  try {
    problem = check(folder);
  } catch (const UserError& e) {
    problem = "refused: " + e.problems().front().message;
  } catch (const std::exception& e) {
    problem = e.what();
  }
  if (!problem.empty()) std::printf("FAIL %s: %s\n", folder.filename().c_str(), problem.c_str());
  return !problem.empty();
}

int run(const fs::path& folder) {
  Counts counts;
  for (const Pass& pass : pipeline()) counts.changed[std::string(pass.name)] = 0;
  int failures = 0;
  for (const fs::path& c : sorted_folders(folder)) failures += fails(c, [&](const fs::path& p) { return check_case(p, counts); });
  print("changed", counts.changed);
  print("kernel", counts.kernel);
  print("fused", counts.fused);
  return failures == 0 ? 0 : 1;
}

std::string add_case(const fs::path& folder, Counts& cases) {
  const std::unique_ptr<Graph> graph = typed_model(folder / "model.onnx");
  run_pipeline(*graph);
  const Program program = plan(*graph);
  Counts calls;
  count_calls(program.calls, calls);
  for (const auto& [name, count] : calls.kernel) ++cases.kernel[name];
  for (const auto& [name, count] : calls.fused) ++cases.fused[name];
  return beyond(program);
}

int count_cases(std::istream& folders) {
  Counts cases;
  int failures = 0;
  for (std::string line; std::getline(folders, line);) failures += fails(line, [&](const fs::path& p) { return add_case(p, cases); });
  print("kernel", cases.kernel);
  print("fused", cases.fused);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace inferc

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  return std::string_view(argv[1]) == "--calls" ? inferc::count_cases(std::cin) : inferc::run(argv[1]);
}
