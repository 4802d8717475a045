#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <numeric>
#include <thread>

#include <sys/utsname.h>

#include <fmt/format.h>

#include "compiler/cli/allocations.hpp"
#include "compiler/cli/peer.hpp"
#include "compiler/cli/ready.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/plan/profile.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/crew.hpp"
#include "compiler/run/measure.hpp"
#include "compiler/run/peak.hpp"
#include "compiler/run/sample_inputs.hpp"
#include "compiler/run/tensor_file.hpp"

namespace inferc::cli {
namespace {

using Json = nlohmann::ordered_json;

void check_contestants(const BenchArguments& a) {
  if (a.random_as_input && !a.against.empty()) throw UsageError("--random-as-input: onnxruntime draws its own numbers", "bench without --against");
  if (!(a.carry.empty() && a.op.empty()) && !a.against.empty())
    throw UsageError("--carry and --op: onnxruntime keeps no state and has no such operator", "bench without --against");
  if (!a.inputs.empty() && !a.sizes.empty()) throw UsageError("--at and --inputs: the inputs give the sizes", "leave out one of them");
  for (const std::string& peer : a.against)
    if (peer != "onnxruntime") throw UsageError(fmt::format("--against {}: no such contestant", escape(peer)), "onnxruntime");
}

// Sizes of the symbols that are left: --at, else the upper bound.
SymbolValues sizes_of(const Signature& signature, const std::vector<std::string>& options) {
  SymbolValues out = parse_sizes(signature, options);
  Diagnostics problems;
  for (const Symbol& s : signature.symbols.all()) {
    if (out.count(s.name)) continue;
    if (s.bounds.upper == unbounded)
      problems.error(fmt::format("nothing tells the size of '{}'", escape(s.name)),
                     fmt::format("--at {0}=N measures one size, --dim {0}=N specialises the code", escape(s.name)));
    else out[s.name] = s.bounds.upper;
  }
  if (problems.failed()) throw UserError(problems.errors());
  return out;
}

// "model name : ..." of the first processor; empty where the system does not tell.
std::string cpu_name() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return {};
}

// What a time depends on beside the model.
Json machine() {
  struct utsname system{};
  (void)::uname(&system);
  return {{"cpu", cpu_name()},
          {"processors", std::thread::hardware_concurrency()},
          {"architecture", system.machine},
          {"system", fmt::format("{} {}", system.sysname, system.release)},
          {"inferc", INFERC_VERSION}};
}

std::optional<double> allocations_per_call(BoundCall& call) {
  constexpr int calls = 16;
  const auto before = allocations();
  for (int i = 0; i < calls; ++i) call.require(call.run());
  const auto after = allocations();
  if (!before || !after) return std::nullopt;
  return static_cast<double>(*after - *before) / calls;
}

Json to_json(const Timing& t) { return {{"min", t.min_ns}, {"median", t.median_ns}}; }

// Optimisation levels of ONNX Runtime that compete; the faster one counts.
struct Peers {
  std::unique_ptr<ort::Library> library;
  std::vector<std::vector<std::unique_ptr<Peer>>> levels;  // a session for each thread
};
constexpr std::pair<ort::Optimization, std::string_view> levels[] = {{ort::Optimization::all, "all"}, {ort::Optimization::basic, "basic"}};

Peers open_peers(const BenchArguments& a, const Front& front, const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs) {
  Peers out;
  if (a.against.empty()) return out;
  out.library = std::make_unique<ort::Library>(ort::find_library(a.onnxruntime));
  const PeerModel model = peer_model(front, a);
  for (const auto& [level, name] : levels) {
    out.levels.emplace_back();
    for (std::size_t t = 0; t < a.threads; ++t) out.levels.back().push_back(std::make_unique<Peer>(*out.library, model, level, inputs, outputs));
  }
  return out;
}

void add_peer(Json& report, const Peers& peers, const std::vector<Timing>& timings, const std::vector<Tensor>& ours) {
  if (peers.levels.empty()) return;
  const std::size_t best = timings[1].median_ns <= timings[2].median_ns ? 0 : 1;
  report["onnxruntime_ns"] = to_json(timings[1 + best]);
  report["ratio"] = timings[1 + best].median_ns / std::max(timings[0].median_ns, 1e-3);
  report["onnxruntime"] = {{"version", peers.library->version()}, {"optimization", levels[best].second}};
  const Comparison same = compare_all(ours, peers.levels[best][0]->outputs());
  report["max_abs_difference"] = same.max_abs ? Json(*same.max_abs) : Json();
}

// One model, and for each thread buffers and a workspace of its own.
std::vector<std::unique_ptr<BoundCall>> calls_of(const LoadedModel& model, const SymbolValues& sizes, const std::vector<Tensor>& inputs, std::size_t threads) {
  std::vector<std::unique_ptr<BoundCall>> out;
  for (std::size_t t = 0; t < threads; ++t) {
    out.push_back(std::make_unique<BoundCall>(model, resolve_symbols(model.signature(), inputs, sizes), inputs));
    out.back()->require(out.back()->run());
  }
  return out;
}

// Every thread makes `n` calls at the same time as the others; the CPU time of a thread, on average.
template <class Items>
double timed_by_all(Crew& crew, const Items& items, std::size_t n) {
  std::vector<double> ns(items.size());
  crew.run([&](std::size_t thread) {
    const double start = thread_cpu_ns();
    for (std::size_t i = 0; i < n; ++i) (void)items[thread]->run();
    ns[thread] = thread_cpu_ns() - start;
  });
  return std::accumulate(ns.begin(), ns.end(), 0.0) / static_cast<double>(ns.size());
}

// Ours first.
std::vector<Timing> time_all(const BenchArguments& a, const std::vector<std::unique_ptr<BoundCall>>& calls, const Peers& peers) {
  std::optional<Crew> crew;
  if (a.threads > 1) crew.emplace(a.threads);
  const auto contestant = [&](std::string name, const auto& items) {
    if (crew) return Contestant{std::move(name), {}, [&](std::size_t n) { return timed_by_all(*crew, items, n); }};
    return Contestant{std::move(name), [&items](std::size_t n) {
                        for (std::size_t i = 0; i < n; ++i) (void)items[0]->run();
                      }};
  };
  std::vector<Contestant> contestants{contestant("ours", calls)};
  for (const auto& p : peers.levels) contestants.push_back(contestant("onnxruntime", p));
  return measure(contestants, {a.seconds, a.cold});
}

std::string nodes_of(const Call& c) {
  std::string out;
  for (const std::string& n : c.nodes) out += (out.empty() ? "" : " + ") + n;
  return out;
}

// Of each call the median over single runs, which what else the machine does disturbs least.
std::vector<double> call_times(BoundCall& call, std::size_t calls) {
  constexpr double longest_ns = 2e9;
  constexpr std::size_t least = 5, most = 201;
  std::vector<std::vector<double>> runs(calls);
  (void)call.take_profile();
  const double start = thread_cpu_ns();
  for (std::size_t n = 0; n < least || (n < most && thread_cpu_ns() - start < longest_ns); ++n) {
    call.require(call.run());
    const std::vector<double> one = call.take_profile();
    for (std::size_t i = 0; i < calls; ++i) runs[i].push_back(one[i]);
  }
  std::vector<double> out;
  for (auto& r : runs) {
    std::nth_element(r.begin(), r.begin() + static_cast<std::ptrdiff_t>(r.size() / 2), r.end());
    out.push_back(r[r.size() / 2]);
  }
  return out;
}

// The calls of the program that `call` runs, by their time.
Json profile_of(const Program& program, const SymbolValues& sizes, BoundCall& call, double peak) {
  const std::vector<double> ns = call_times(call, program.calls.size());
  const double all = std::max(std::accumulate(ns.begin(), ns.end(), 0.0), 1e-3);
  Json rows = Json::array();
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    const Call& c = program.calls[i];
    const auto at = [&](const Dim& d) { return program.symbols->has_measured(d) ? Json() : Json(evaluate(d, sizes)); };
    const Json flops = at(c.flops), bytes = at(bytes_of(c));
    const auto rate = [&](const Json& n) { return n.is_null() || ns[i] <= 0 ? Json() : Json(n.get<double>() / ns[i]); };
    const Json gflops = rate(flops);
    rows.push_back({{"call", i},
                    {"kernel", c.kernel},
                    {"ns", ns[i]},
                    {"share", ns[i] / all},
                    {"flops", flops},
                    {"bytes", bytes},
                    {"gflops", gflops},
                    {"gbytes_per_s", rate(bytes)},
                    {"of_peak", gflops.is_null() || peak <= 0 ? Json() : Json(gflops.get<double>() / peak)},
                    {"nodes", nodes_of(c)}});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Json& x, const Json& y) { return x["ns"] > y["ns"]; });
  return {{"fma_peak_gflops", peak}, {"calls", rows}};
}

Json measured(const BenchArguments& a) {
  const Progress progress;
  Front front = open_model(a);
  const EmitOptions options = emit_options(front, a, "model");
  Program program = lower_model(front);
  if (a.profile) reserve_profile(program);
  const Signature signature = signature_of(program);
  std::vector<Tensor> inputs = a.inputs.empty() ? std::vector<Tensor>() : read_inputs(a.inputs, signature.inputs, onnx::read_tensor);
  const SymbolValues sizes = a.inputs.empty() ? sizes_of(signature, a.sizes) : resolve_symbols(signature, inputs);
  const auto model = build_and_load(program, options, progress);
  if (a.inputs.empty()) inputs = sample_inputs(model->signature(), sizes, 1);
  const std::vector<std::unique_ptr<BoundCall>> calls = calls_of(*model, sizes, inputs, a.threads);
  BoundCall& call = *calls.front();
  const std::vector<Tensor> outputs = call.outputs();
  const Peers peers = open_peers(a, front, with_assumed(inputs, front.assumed, sizes), outputs);
  progress.show("measuring");
  const std::optional<Pinned> pinned = a.threads == 1 ? std::optional<Pinned>(std::in_place) : std::nullopt;
  const double peak = a.profile ? fma_peak_gflops() : 0;
  const auto timings = time_all(a, calls, peers);
  progress.clear();
  Json dims = Json::object();
  for (const auto& [name, size] : sizes) dims[name] = size;
  for (const std::string& d : a.dims) dims[d.substr(0, d.rfind('='))] = d.substr(d.rfind('=') + 1);
  Json report{{"model", a.model.string()}, {"dims", dims}, {"isa", model->isa()}, {"cold", a.cold}, {"threads", a.threads}, {"ours_ns", to_json(timings[0])}};
  add_peer(report, peers, timings, outputs);
  if (a.profile) report["profile"] = profile_of(program, sizes, call, peak);
  const auto allocated = allocations_per_call(call);
  report["allocations_per_call"] = allocated ? Json(*allocated) : Json();
  report["workspace_bytes"] = call.workspace_bytes();
  report["weights_bytes"] = weights_size(program);
  report["samples"] = timings[0].samples;
  report["core"] = pinned ? pinned->core() : -1;
  report["machine"] = machine();
  return report;
}

std::string profile_text(const Json& profile) {
  const auto cell = [](const Json& value, double scale, const char* unit) {
    return value.is_null() || value == 0 ? std::string() : fmt::format("{:.1f}{}", scale * value.get<double>(), unit);
  };
  std::string out = fmt::format("  {:>10} {:>6} {:>8} {:>8} {:>6}  {:<28} nodes      (peak of fma {:.1f} GFLOP/s; counting slows small calls)\n", "ns", "share",
                                "GFLOP/s", "GB/s", "peak", "kernel", profile["fma_peak_gflops"].get<double>());
  for (const Json& c : profile["calls"])
    out += fmt::format("  {:>10.1f} {:>6} {:>8} {:>8} {:>6}  {:<28} {}\n", c["ns"].get<double>(), cell(c["share"], 100, "%"), cell(c["gflops"], 1, ""),
                       cell(c["gbytes_per_s"], 1, ""), cell(c["of_peak"], 100, "%"), c["kernel"].get<std::string>(), escape(c["nodes"].get<std::string>()));
  return out;
}

std::string text(const Json& r) {
  std::string out = fmt::format("{} {} ({}{}{})\n", r["model"].get<std::string>(), r["dims"].dump(), r["isa"].get<std::string>(),
                                r["cold"] ? ", cold caches" : "", r["threads"] == 1 ? "" : fmt::format(", {} threads", r["threads"].dump()));
  const auto line = [&](std::string_view who, const Json& t) {
    out += fmt::format("  {:<30} median {:>12.1f} ns   min {:>12.1f} ns\n", who, t["median"].get<double>(), t["min"].get<double>());
  };
  line("ours", r["ours_ns"]);
  if (r.contains("onnxruntime_ns")) {
    const Json& peer = r["onnxruntime"];
    line(fmt::format("onnxruntime {} ({})", peer["version"].get<std::string>(), peer["optimization"].get<std::string>()), r["onnxruntime_ns"]);
    out += fmt::format("  ratio {:.2f}, largest difference {}\n", r["ratio"].get<double>(), r["max_abs_difference"].dump());
  }
  if (r.contains("profile")) out += profile_text(r["profile"]);
  return out + fmt::format("  allocations per call {}, workspace {} bytes, weights {} bytes\n", r["allocations_per_call"].dump(), r["workspace_bytes"].dump(),
                           r["weights_bytes"].dump());
}

}  // namespace

int bench(const BenchArguments& a) {
  check_contestants(a);
  const Json report = measured(a);
  if (a.json != "-") std::cout << text(report);
  if (!a.json.empty()) write_json(a.json, report);
  return ok;
}

}  // namespace inferc::cli
