#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/cli/carry_check.hpp"
#include "compiler/cli/model_check.hpp"
#include "compiler/cli/ready.hpp"
#include "compiler/cli/verify.hpp"
#include "compiler/ops/halves.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/round_weights.hpp"
#include "compiler/plan/evaluate.hpp"
#include "compiler/run/size_sets.hpp"

namespace inferc::cli {
namespace {

using Json = nlohmann::ordered_json;

// Operations of one float64 run, of the runs that come for free, and of all runs at one size.
constexpr std::int64_t affordable_run = 300'000'000, cheap_inputs = 100'000'000, affordable_inputs = 1'500'000'000;
constexpr std::int64_t most_inputs = 16;  // also the least number of elements of an output over which errors are compared

std::int64_t smallest_output(const Program& p, const SymbolValues& sizes) {
  const SymbolValues values = p.symbols->at_limits(sizes);
  std::int64_t out = most_inputs;
  for (const TensorPort& t : p.outputs)
    if (const std::int64_t n = evaluate(product(t.type.shape), values); n > 0) out = std::min(out, n);
  return out;
}

int inputs_at(const Program& reference, const SymbolValues& sizes) {
  const std::int64_t one = std::max<std::int64_t>(cost(reference, sizes), 1), needed = most_inputs / smallest_output(reference, sizes);
  const std::int64_t wanted = std::clamp<std::int64_t>(std::max(cheap_inputs / one, needed), 1, most_inputs);
  return static_cast<int>(std::clamp<std::int64_t>(affordable_inputs / one, 1, wanted));
}

Json finite(double x) { return std::isfinite(x) ? Json(x) : Json(nullptr); }
std::string short_number(const Json& x) { return x.is_null() ? "not finite" : fmt::format("{:.3g}", x.get<double>()); }

std::string sizes_text(const SymbolValues& sizes) {
  std::string out;
  for (const auto& [name, n] : sizes) out += fmt::format("{}{}={}", out.empty() ? "" : " ", escape(name), n);
  return out.empty() ? "fixed sizes" : out;
}

std::string choices_text(const std::vector<Choice>& choices) {
  std::map<std::string, Choice> nodes;
  for (const Choice& c : choices) {
    Choice& sum = nodes.try_emplace(c.node, Choice{c.node}).first->second;
    sum.count += c.count;
    sum.gap = std::max(sum.gap, c.gap);
  }
  std::vector<std::string> out;
  for (const auto& [node, c] : nodes)
    out.push_back(fmt::format("{} breaks {} ties otherwise than float64 would (<= {:.2g} eps max|x| apart)", node, c.count, c.gap));
  return fmt::format("{}", fmt::join(out, ", "));
}

std::string numbers(const ModelVerdict& v) {
  const RuleD* worst = v.worst();
  if (!worst) return v.reason;
  const std::string peer = v.peer_refused.empty() ? fmt::format("onnxruntime's {:.3g}", worst->peer_error) : "onnxruntime refuses this size";
  return fmt::format("{} inputs: error {:.3g}, {}, allowed {:.3g}", v.inputs, worst->error, peer, worst->allowed);
}

// What rounded weights do, beside the same code with the model's own: those are judged.
Json rounding_row(const ModelVerdict& rounded, const ModelVerdict& own) {
  double error = 0, of_own = 0;
  for (const RuleD& d : rounded.outputs) error = std::max(error, d.error);
  for (const RuleD& d : own.outputs) of_own = std::max(of_own, d.error);
  return {{"error", finite(error)}, {"float32_error", finite(of_own)}};
}

void print(const ModelVerdict& v) {
  std::cout << fmt::format("{} {}: {}\n", v.passed ? "PASS" : "FAIL", sizes_text(v.sizes), numbers(v));
  if (!v.passed && v.worst()) std::cout << "  " << v.reason << "\n";
  if (v.differences.elements > 0) std::cout << "  " << differences_text(v.differences, "the exact ones") << "\n";
  if (v.passed && !v.choices.empty()) std::cout << "  " << choices_text(v.choices) << "; float64 was run with the same choices\n";
  if (!v.peer_refused.empty()) std::cout << "  onnxruntime: " << v.peer_refused << "; float64 alone decides\n";
}

Json to_json(const ModelVerdict& v, const Signature& signature) {
  Json sizes = Json::object(), outputs = Json::array(), choices = Json::array();
  for (const auto& [name, n] : v.sizes) sizes[name] = n;
  double worst = 0;
  for (std::size_t i = 0; i < v.outputs.size(); ++i) {
    const RuleD& d = v.outputs[i];
    worst = std::max(worst, d.error);
    outputs.push_back({{"name", signature.outputs[i].name},
                       {"error", finite(d.error)},
                       {"onnxruntime_error", finite(d.peer_error)},
                       {"allowed", finite(d.allowed)},
                       {"passed", d.passed}});
  }
  for (const Choice& c : v.choices) choices.push_back({{"node", c.node}, {"elements", c.count}, {"gap_eps", finite(c.gap)}});
  Json out{{"dims", sizes},      {"inputs", v.inputs}, {"verdict", v.passed ? "PASS" : "FAIL"}, {"reason", v.reason}, {"max_abs", finite(worst)},
           {"outputs", outputs}, {"choices", choices}, {"onnxruntime_refused", v.peer_refused}};
  if (v.differences.elements > 0) out["quantised"] = to_json(v.differences);
  return out;
}

Json carry_row(const LoadedModel& keeps, const LoadedModel& handed, const std::vector<Carry>& carried, const SymbolValues& values) {
  Json sizes = Json::object();
  for (const auto& [name, n] : values) sizes[name] = n;
  std::string difference;
  try {
    difference = carry_difference(keeps, handed, carried, values);
  } catch (const UserError& refusal) {
    difference = refusal.what();
  }
  return {{"dims", sizes},
          {"state", true},
          {"verdict", difference.empty() ? "PASS" : "FAIL"},
          {"reason", difference.empty() ? "the bits of the code to which the caller hands it" : difference}};
}

struct Totals {
  std::size_t passed = 0, failed = 0, without_peer = 0;
  void add(const ModelVerdict& v) {
    ++(v.passed ? passed : failed);
    without_peer += v.peer_refused.empty() ? 0 : 1;
  }
};

void finish(const VerifyModel& options, const LoadedModel& model, const std::string& version, const SizeSets& sizes, const Json& rows, const Totals& totals) {
  if (options.json != "-") {
    if (!sizes.left_out.empty()) std::cout << fmt::format("not tried, too much work for float64 reference kernels: {}\n", sizes_text(sizes.left_out));
    const bool alone = totals.without_peer == rows.size();
    std::cout << fmt::format("{} passed, {} failed ({}, {})\n", totals.passed, totals.failed,
                             alone ? "float64 alone: onnxruntime runs none of it" : fmt::format("float64 and onnxruntime {}", version), model.isa());
  }
  if (options.json.empty()) return;
  Json left_out = Json::object();
  for (const auto& [name, n] : sizes.left_out) left_out[name] = n;
  write_json(options.json, {{"model", options.model.model.string()},
                            {"onnxruntime", version},
                            {"isa", model.isa()},
                            {"checks", rows},
                            {"not_tried", left_out},
                            {"passed", totals.passed},
                            {"failed", totals.failed}});
}

// Over a few inputs ONNX Runtime's error, of which twice as much is allowed, may be small by luck: where they fail, all decide.
ModelVerdict judged(ModelCheck& check, const SymbolValues& values, std::uint64_t seed, int inputs) {
  ModelVerdict v = check.run(values, seed, inputs);
  return v.passed || inputs == most_inputs ? v : check.run(values, seed, static_cast<int>(most_inputs));
}

}  // namespace

int verify_model(const VerifyModel& options) {
  const Progress progress;
  Front front = open_model(options.model);
  const bool rounds = std::exchange(front.rounds_weights, false);
  const Float64Oracle exact(*front.graph);
  const std::optional<Exactness> exactness = exactness_of(*front.graph);
  const Program reference = plan(*halves::in_float32(*front.graph), false);
  const EmitOptions emitted = emit_options(front, options.model, "model");
  const ort::Library library(ort::find_library(options.onnxruntime));
  const auto unfused = clone(*front.graph);
  run_pipeline_to_fusion(*unfused);
  const Program kept = lower_model(front);
  const auto model = build_and_load(front.carried.empty() ? kept : plan(*front.graph), emitted, progress);
  ModelCheck check(*model, {exact, *front.graph, *unfused}, library, peer_model(front, options.model), exactness);
  std::unique_ptr<LoadedModel> rounded;
  std::optional<ModelCheck> rounding;
  if (rounds) {
    round_weights(*front.graph);
    rounded = build_and_load(plan(*front.graph), emitted, progress);
    rounding.emplace(*rounded, ModelCheck::Graphs{exact, *front.graph, *front.graph}, library, peer_model(front, options.model));
  }
  if (exactness && options.json != "-") std::cout << class_text(*exactness) << "\n";
  const SizeSets sizes = size_sets(model->signature(), [&](const SymbolValues& v) { return cost(reference, v) <= affordable_run; });
  Json rows = Json::array();
  Totals totals;
  std::uint64_t seed = 1;
  for (const SymbolValues& values : sizes.tried) {
    const ModelVerdict v = judged(check, values, seed, inputs_at(reference, values));
    seed += most_inputs;
    totals.add(v);
    rows.push_back(to_json(v, model->signature()));
    if (exactness && v.differences.elements > 0) rows.back()["quantised"]["class"] = std::string(1, static_cast<char>(exactness->kind));
    if (options.json != "-") print(v);
    if (!rounding) continue;
    const Json row = rounding_row(rounding->run(values, seed - most_inputs, v.inputs), v);
    if (options.json != "-")
      std::cout << fmt::format("  --precision bf16: error {}, of float32 {}\n", short_number(row["error"]), short_number(row["float32_error"]));
    rows.back()["bf16"] = row;
  }
  if (!front.carried.empty()) {
    const auto keeps = build_and_load(kept, emitted, progress);
    for (const SymbolValues& values : sizes.tried) {
      const Json row = carry_row(*keeps, *model, front.carried, values);
      ++(row["verdict"] == "PASS" ? totals.passed : totals.failed);
      if (options.json != "-")
        std::cout << fmt::format("{} {}, state kept: {}\n", row["verdict"].get<std::string>(), sizes_text(values), row["reason"].get<std::string>());
      rows.push_back(row);
    }
  }
  finish(options, *model, library.version(), sizes, rows, totals);
  return totals.failed == 0 ? ok : failed;
}

}  // namespace inferc::cli
