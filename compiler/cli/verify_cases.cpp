#include <algorithm>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>

#include <fmt/format.h>

#include "compiler/cli/progress.hpp"
#include "compiler/cli/quantised_report.hpp"
#include "compiler/cli/scratch.hpp"
#include "compiler/cli/verify.hpp"
#include "compiler/emit/native_path.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/run/batch.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/loaded_model.hpp"
#include "compiler/run/tensor_file.hpp"
#include "compiler/support/isolate.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int compile_seconds = 60, build_seconds = 600;
constexpr std::size_t cases_per_batch = 50;

enum class Verdict : unsigned char { pass, refused, fail };  // from best to worst
constexpr std::string_view verdict_names[] = {"PASS", "REFUSED", "FAIL"};

struct SetResult {
  std::string set;
  Verdict verdict = Verdict::pass;
  std::string reason;
  Json max_abs, max_ulp;  // null where not computed
  Json quantised;         // of quantised networks, else null: Differences, "class"
  std::string report;     // the same in words
};

struct Case {
  fs::path folder;
  std::string name;
  std::string symbol;  // name of the compiled model: one identifier per case
  std::vector<std::string> sets;
  fs::path files;    // of the compiled model
  fs::path library;  // empty: not built
  std::vector<SetResult> results;

  void conclude(Verdict verdict, const std::string& reason) {
    results.clear();
    for (const std::string& set : sets) results.push_back({set, verdict, reason, nullptr, nullptr, nullptr, {}});
    if (sets.empty()) results.push_back({"", verdict, reason, nullptr, nullptr, nullptr, {}});
  }
  [[nodiscard]] const SetResult& worst() const {
    return *std::max_element(results.begin(), results.end(), [](const SetResult& a, const SetResult& b) { return a.verdict < b.verdict; });
  }
};

std::string one_line(std::string text) {
  const std::size_t end = text.find_first_of("\n\r");
  text = text.substr(0, std::min(end, std::size_t{400}));
  return text;
}

std::string summary(const std::vector<Diagnostic>& problems) {
  std::string out = problems.front().message;
  return problems.size() == 1 ? out : fmt::format("{} (and {} more)", out, problems.size() - 1);
}

// --- finding the cases

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) out.push_back(entry.path());
  if (error) throw UserError(fmt::format("cannot read the folder '{}': {}", escape(folder.string()), error.message()));
  std::sort(out.begin(), out.end());
  return out;
}

// Cases of one name, from several folders, are numbered.
std::string unused(const std::string& name, const std::vector<Case>& cases) {
  std::string out = name;
  for (int n = 2; std::any_of(cases.begin(), cases.end(), [&](const Case& c) { return c.name == out; }); ++n) out = fmt::format("{}_{}", name, n);
  return out;
}

// A folder without model.onnx stands for the cases in it.
void find_cases(const fs::path& folder, int depth, std::vector<Case>& out) {
  if (fs::exists(folder / "model.onnx")) {
    Case c;
    c.folder = folder;
    c.name = fs::absolute(folder / "model.onnx").lexically_normal().parent_path().filename().string();
    std::replace_if(c.name.begin(), c.name.end(), [](unsigned char x) { return x <= 0x20 || x == 0x7f; }, '_');
    for (const fs::path& entry : sorted_entries(folder))
      if (fs::is_directory(entry) && entry.filename().string().starts_with("test_data_set_")) c.sets.push_back(entry.filename().string());
    c.name = unused(c.name, out);
    c.symbol = fmt::format("case_{}", out.size());
    out.push_back(std::move(c));
  } else if (depth > 0) {
    for (const fs::path& entry : sorted_entries(folder))
      if (fs::is_directory(entry)) find_cases(entry, depth - 1, out);
  }
}

bool holds_models(const fs::path& folder) {
  if (!fs::is_directory(folder)) return false;
  const auto entries = sorted_entries(folder);
  return std::any_of(entries.begin(), entries.end(), [](const fs::path& entry) { return entry.extension() == ".onnx"; });
}

std::vector<Case> all_cases(const std::vector<fs::path>& folders) {
  std::vector<Case> out;
  Diagnostics problems;
  for (const fs::path& folder : folders) {
    const std::size_t before = out.size();
    if (fs::is_directory(folder)) find_cases(folder, 2, out);
    if (out.size() == before)
      problems.error(fmt::format("'{}' is no test case and holds none", escape(folder.string())),
                     holds_models(folder) ? "models without stored inputs: inferc verify MODEL --against onnxruntime"
                                          : "a case is a folder with model.onnx and test_data_set_0");
  }
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

// --- compiling

// "": compiled; else the reason for refusing it. Runs in a process of its own.
std::string compile_case(const Case& c, const std::vector<std::string>& op) {
  try {
    ModelArguments a;
    a.op = op;
    a.model = c.folder / "model.onnx";
    Front front = open_model(a);
    EmitOptions o = emit_options(front, a, c.symbol);
    const Program program = lower_model(front);
    o.paths = {native_code_path(program)};
    fs::create_directories(c.files);
    for (const File& f : emit(program, o)) write_file(c.files / f.name, f.content);
    return {};
  } catch (const UserError& e) {
    return summary(e.problems());
  }
}

void compile_all(std::vector<Case>& cases, const VerifyCases& options, Progress& progress) {
  std::vector<std::function<std::string()>> tasks;
  for (const Case& c : cases) tasks.emplace_back([&c, &options] { return compile_case(c, options.op); });
  const auto outcomes = run_isolated(tasks, {options.jobs, compile_seconds}, [&](std::size_t n) { progress.show("compiling", n, cases.size()); });
  for (std::size_t i = 0; i < cases.size(); ++i) {
    if (!outcomes[i].finished) cases[i].conclude(Verdict::fail, "the compiler failed: " + outcomes[i].failure);
    else if (!outcomes[i].result.empty()) cases[i].conclude(Verdict::refused, outcomes[i].result);
    else if (cases[i].sets.empty()) cases[i].conclude(Verdict::fail, "there is no test_data_set_0");
  }
}

using Batch = std::vector<Case*>;

// The library's path. Runs in a process of its own, which starts one compiler at a time.
std::string build_batch(const Batch& batch, const fs::path& folder) {
  std::vector<fs::path> folders;
  for (const Case* c : batch) folders.push_back(c->files);
  merge_models(folders, folder, "batch");
  BuildOptions options = build_options();
  options.jobs = 1;
  options.flags = {"-O1"};
  return build_model(folder, options).library.string();
}

// Lines of a compiler's output that tell an error.
std::vector<std::string> error_lines(const std::string& output) {
  std::vector<std::string> out;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.find("error") != std::string::npos || line.find("undefined reference") != std::string::npos) out.push_back(line);
  return out;
}

bool blamed(const Case& c, const std::vector<std::string>& lines) {
  return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.find(c.symbol + "_") != std::string::npos || line.find(c.symbol + "::") != std::string::npos || line.find(c.symbol + ".") != std::string::npos;
  });
}

// The cases that the errors name each alone and the others together; halves where that does not tell.
std::vector<Batch> split(const Batch& batch, const std::string& output) {
  const auto lines = error_lines(output);
  std::vector<Batch> out;
  Batch rest;
  for (Case* c : batch)
    if (blamed(*c, lines)) out.push_back({c});
    else rest.push_back(c);
  if (!out.empty() && !rest.empty()) return out.push_back(rest), out;
  const auto middle = batch.begin() + static_cast<std::ptrdiff_t>(batch.size() / 2);
  return {{batch.begin(), middle}, {middle, batch.end()}};
}

std::string build_failure(const std::string& output) {
  const auto lines = error_lines(output);
  return "the generated code does not build: " + (lines.empty() ? output : lines.front());
}

// A batch that fails is split until the case at fault stands alone.
void build_all(std::vector<Case>& cases, const fs::path& scratch, int jobs, Progress& progress) {
  std::vector<Batch> batches;
  for (Case& c : cases) {
    if (!c.results.empty()) continue;
    if (batches.empty() || batches.back().size() == cases_per_batch) batches.emplace_back();
    batches.back().push_back(&c);
  }
  for (int round = 0; !batches.empty(); ++round) {
    std::vector<std::function<std::string()>> tasks;
    for (std::size_t i = 0; i < batches.size(); ++i)
      tasks.emplace_back([&, i] { return build_batch(batches[i], scratch / fmt::format("batch_{}_{}", round, i)); });
    const auto outcomes = run_isolated(tasks, {jobs, build_seconds}, [&](std::size_t n) { progress.show("building", n, batches.size()); });
    std::vector<Batch> again;
    for (std::size_t i = 0; i < batches.size(); ++i) {
      if (outcomes[i].finished)
        for (Case* c : batches[i]) c->library = outcomes[i].result;
      else if (batches[i].size() == 1) batches[i][0]->conclude(Verdict::fail, build_failure(outcomes[i].failure));
      else
        for (Batch& part : split(batches[i], outcomes[i].failure)) again.push_back(std::move(part));
    }
    batches = std::move(again);
  }
}

// --- running

std::vector<Tensor> stored(const fs::path& folder, std::string_view what) {
  std::vector<Tensor> out;
  for (std::size_t i = 0;; ++i) {
    const fs::path path = folder / fmt::format("{}_{}.pb", what, i);
    if (!fs::exists(path)) return out;
    out.push_back(onnx::read_tensor(path));
  }
}

std::optional<Exactness> exactness_of_case(const Case& c, const VerifyCases& options) {
  ModelArguments a;
  a.op = options.op;
  a.model = c.folder / "model.onnx";
  const Front front = open_model(a);
  return grid::has_quantiser(*front.graph) ? exactness_of(*front.graph) : std::nullopt;
}

void report_quantised(SetResult& r, const Exactness& e, const std::vector<Tensor>& outputs, const std::vector<Tensor>& expected) {
  Differences d;
  for (std::size_t i = 0; i < std::min(outputs.size(), expected.size()); ++i)
    if (expected[i].dtype() == DType::float32) count(d, outputs[i], expected[i].as<float>(), i < e.steps.size() ? e.steps[i] : std::nullopt);
  if (d.elements == 0) return;
  r.quantised = to_json(d);
  r.quantised["class"] = std::string(1, static_cast<char>(e.kind));
  r.report = class_text(e) + "; " + differences_text(d, "the stored ones");
}

SetResult run_set(const LoadedModel& model, const Case& c, const std::string& set, const fs::path& keep, const std::optional<Exactness>& exactness) {
  SetResult out{set, Verdict::fail, {}, nullptr, nullptr, nullptr, {}};
  try {
    const fs::path folder = c.folder / set;
    const auto expected = stored(folder, "output");
    const auto outputs = run_model(model, stored(folder, "input"), symbols_of(model.signature().outputs, expected));
    if (!keep.empty()) write_outputs(keep / c.name / set, outputs);
    if (exactness) report_quantised(out, *exactness, outputs, expected);
    const Comparison result = compare_all(outputs, expected);
    if (result.passed) out.verdict = Verdict::pass;
    out.reason = result.reason;
    if (result.max_abs) out.max_abs = *result.max_abs;
    if (result.max_ulp) out.max_ulp = *result.max_ulp;
  } catch (const UserError& e) {
    out.reason = summary(e.problems());
  }
  return out;
}

Json to_json(const SetResult& r) { return {static_cast<int>(r.verdict), r.set, r.reason, r.max_abs, r.max_ulp, r.quantised, r.report}; }

SetResult from_json(const Json& j) {
  return {j[1].get<std::string>(), static_cast<Verdict>(j[0].get<int>()), j[2].get<std::string>(), j[3], j[4], j[5], j[6].get<std::string>()};
}

std::string run_case(const Case& c, const VerifyCases& options) {
  const std::optional<Exactness> exactness = exactness_of_case(c, options);
  const LoadedModel model(c.library, c.symbol, c.files / (c.symbol + ".weights"));
  Json out = Json::array();
  for (const std::string& set : c.sets) out.push_back(to_json(run_set(model, c, set, options.keep_outputs, exactness)));
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void run_all(std::vector<Case>& cases, const VerifyCases& options, Progress& progress) {
  std::vector<Case*> ready;
  for (Case& c : cases)
    if (c.results.empty()) ready.push_back(&c);
  std::vector<std::function<std::string()>> tasks;
  for (const Case* c : ready) tasks.emplace_back([c, &options] { return run_case(*c, options); });
  const auto outcomes = run_isolated(tasks, {options.jobs, options.seconds}, [&](std::size_t n) { progress.show("running", n, ready.size()); });
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (!outcomes[i].finished) {
      ready[i]->conclude(Verdict::fail, "the run failed: " + outcomes[i].failure);
      continue;
    }
    for (const Json& row : Json::parse(outcomes[i].result)) ready[i]->results.push_back(from_json(row));
  }
}

// --- reporting

Json report(const std::vector<Case>& cases, const std::size_t (&counts)[3]) {
  Json rows = Json::array();
  for (const Case& c : cases)
    for (const SetResult& r : c.results) {
      rows.push_back({{"case", c.name},
                      {"set", r.set},
                      {"verdict", verdict_names[static_cast<std::size_t>(r.verdict)]},
                      {"reason", one_line(r.reason)},
                      {"max_abs", r.max_abs},
                      {"max_ulp", r.max_ulp}});
      if (!r.quantised.is_null()) rows.back()["quantised"] = r.quantised;
    }
  return {{"cases", rows}, {"passed", counts[0]}, {"failed", counts[2]}, {"refused", counts[1]}};
}

int print(const std::vector<Case>& cases, const VerifyCases& options) {
  std::size_t counts[3] = {};
  std::ostream& out = options.json == "-" ? std::cerr : std::cout;
  for (const Case& c : cases) {
    const SetResult& r = c.worst();
    ++counts[static_cast<std::size_t>(r.verdict)];
    out << verdict_names[static_cast<std::size_t>(r.verdict)] << ' ' << c.name;
    if (r.verdict != Verdict::pass) out << ": " << one_line(r.reason);
    out << '\n';
    if (!r.report.empty()) out << "  " << r.report << '\n';
  }
  out << fmt::format("{} passed, {} failed, {} refused\n", counts[0], counts[2], counts[1]);
  if (!options.json.empty()) write_json(options.json, report(cases, counts));
  return counts[2] == 0 ? ok : failed;
}

}  // namespace

int verify_cases(const VerifyCases& options) {
  std::vector<Case> cases = all_cases(options.folders);
  const Scratch scratch("verify");
  for (Case& c : cases) c.files = scratch.path() / c.symbol;
  Progress progress;
  compile_all(cases, options, progress);
  build_all(cases, scratch.path(), options.jobs, progress);
  run_all(cases, options, progress);
  progress.clear();
  return print(cases, options);
}

}  // namespace inferc::cli
