#include "compiler/cli/model_check.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/run/elements.hpp"
#include "compiler/run/sample_inputs.hpp"
#include "compiler/run/size_operands.hpp"
#include "compiler/support/isolate.hpp"

namespace inferc::cli {
namespace {

double share(const RuleD& d) { return d.error == 0 ? 0 : d.error / d.allowed; }

std::string failures(const LoadedModel& model, const std::vector<RuleD>& outputs) {
  std::string out;
  for (std::size_t i = 0; i < outputs.size(); ++i)
    if (!outputs[i].passed) out += fmt::format("{}output '{}': {}", out.empty() ? "" : "; ", escape(model.signature().outputs[i].name), outputs[i].reason);
  return out;
}

std::size_t finite_elements(const Tensor& t) {
  if (!is_float(t.dtype())) return t.size();
  std::size_t out = 0;
  for (std::size_t i = 0; i < t.size(); ++i) out += std::isfinite(element(t, i)) ? 1 : 0;
  return out;
}

// Exact results as float32, or nothing of other types.
std::vector<float> rounded(const Tensor& exact) {
  if (exact.dtype() != DType::float64) return {};
  std::vector<float> out(exact.size());
  std::transform(exact.as<double>().begin(), exact.as<double>().end(), out.begin(), [](double v) { return static_cast<float>(v); });
  return out;
}

bool any_empty(const std::vector<Tensor>& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const Tensor& t) { return t.size() == 0; });
}

// Tries `run` in a child process. Throws UserError where that fails or ends.
void try_apart(const std::function<void()>& run) {
  const std::function<std::string()> task = [&] { return run(), std::string(); };
  const Outcome outcome = run_isolated({&task, 1}, {1, 60})[0];
  if (!outcome.finished) throw UserError(outcome.failure);
}

}  // namespace

const RuleD* ModelVerdict::worst() const {
  const auto at = std::max_element(outputs.begin(), outputs.end(), [](const RuleD& a, const RuleD& b) { return share(a) < share(b); });
  return at == outputs.end() ? nullptr : &*at;
}

ModelCheck::ModelCheck(const LoadedModel& model, Graphs graphs, const ort::Library& library, PeerModel peer, std::optional<Exactness> exactness)
    : model_(model), graphs_(graphs), library_(library), peer_model_(std::move(peer)), exactness_(std::move(exactness)) {}

ModelVerdict ModelCheck::run(const SymbolValues& sizes, std::uint64_t seed, int inputs) {
  ModelVerdict out;
  out.sizes = sizes;
  for (; out.inputs < inputs; ++out.inputs)
    if (!run_input(out, inputs_for(sizes, seed + static_cast<std::uint64_t>(out.inputs)))) return out;
  judge(out, seed);
  return out;
}

std::vector<Tensor> ModelCheck::inputs_for(const SymbolValues& sizes, std::uint64_t seed) const {
  std::vector<Tensor> out = sample_inputs(model_.signature(), sizes, seed);
  fit_size_operands(graphs_.optimised, out, sizes);
  return out;
}

// Whether there was something to compare; else the verdict stands.
bool ModelCheck::run_input(ModelVerdict& v, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> ours;
  try {
    ours = run_model(model_, inputs, v.sizes);
  } catch (const UserError& refusal) {
    v.reason = refusal.what();
    try {
      (void)graphs_.exact.run(inputs, v.sizes);
    } catch (const UserError& same) {
      v.passed = true;
      v.reason = fmt::format("no result, by the reference kernels as well: {}", same.what());
    }
    return false;
  }
  try {
    compare_results(v, inputs, ours);
  } catch (const UserError& fault) {
    v.reason = fmt::format("the reference kernels refuse what the generated code accepts: {}", fault.what());
    return false;
  }
  return true;
}

void ModelCheck::compare_results(ModelVerdict& v, const std::vector<Tensor>& inputs, const std::vector<Tensor>& ours) {
  ExactRun exact = graphs_.exact.run(inputs, v.sizes, choices_of(graphs_.unfused, inputs, v.sizes));
  v.choices.insert(v.choices.end(), exact.choices.begin(), exact.choices.end());
  const std::vector<Tensor>* peer = peer_outputs(v, inputs, ours);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (exactness_) count(v.differences, ours[i], rounded(exact.outputs[i]), exactness_->steps[i]);
    v.elements += exact.outputs[i].size();
    v.finite += finite_elements(exact.outputs[i]);
    const RuleD one = check_rule_d(ours[i], exact.outputs[i], peer ? &(*peer)[i] : nullptr);
    if (i == v.outputs.size()) v.outputs.push_back(one);
    else v.outputs[i] = pooled(v.outputs[i], one);
  }
}

void ModelCheck::judge(ModelVerdict& v, std::uint64_t seed) const {
  v.reason = failures(model_, v.outputs);
  if (v.elements > 0 && v.finite == 0) v.reason = "every output is NaN or infinite for the inputs that were drawn: nothing was compared";
  for (int k = 0; k < v.inputs && !v.reason.empty(); ++k) {
    const auto unstable = graphs_.exact.unstable_nodes(inputs_for(v.sizes, seed + static_cast<std::uint64_t>(k)), v.sizes);
    if (unstable.empty()) continue;
    v.reason += fmt::format(" (float32 and float64 decide otherwise at {})", fmt::join(unstable, ", "));
    break;
  }
  for (const Choice& c : v.choices)
    if (!c.is_tie())
      v.reason += fmt::format("{}{} chooses {} elements that are no ties: {:.3g} eps max|x| apart", v.reason.empty() ? "" : "; ", c.node, c.count, c.gap);
  v.passed = v.reason.empty();
}

const std::vector<Tensor>* ModelCheck::peer_outputs(ModelVerdict& v, const std::vector<Tensor>& inputs, const std::vector<Tensor>& ours) {
  const std::vector<Tensor> all = with_assumed(inputs, peer_model_.assumed, v.sizes);
  const auto run = [&] {
    if (!peer_) peer_ = std::make_unique<Peer>(library_, peer_model_, ort::Optimization::all, all, ours);
    else peer_->bind(all, ours);
    peer_->run();
  };
  try {
    // ONNX Runtime 1.32 ends the process that runs an LSTM of an empty batch: it throws where it must not.
    if (any_empty(all)) try_apart(run);
    run();
    return &peer_->outputs();
  } catch (const UserError& refusal) {
    v.peer_refused = refusal.what();
    return nullptr;
  }
}

}  // namespace inferc::cli
