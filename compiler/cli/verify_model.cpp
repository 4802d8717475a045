#include <algorithm>
#include <cmath>
#include <iostream>
#include <set>

#include <fmt/format.h>

#include "compiler/cli/peer.hpp"
#include "compiler/cli/ready.hpp"
#include "compiler/cli/verify.hpp"
#include "compiler/run/compare.hpp"
#include "compiler/run/sample_inputs.hpp"

namespace inferc::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t small_size = 7, large_size = 33;  // measured against instead of a size without an upper bound

// Sizes of one symbol worth trying: none, one, an odd one, one in the middle, the largest.
std::vector<std::int64_t> sizes_of(const Bounds& b) {
  const std::int64_t upper = b.upper == unbounded ? std::max(b.lower, large_size) : b.upper;
  std::vector<std::int64_t> out;
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{1}, small_size, (b.lower + upper) / 2, upper, b.lower})
    if (n >= b.lower && n <= upper && std::find(out.begin(), out.end(), n) == out.end()) out.push_back(n);
  return out;
}

bool legal(const Signature& s, const SymbolValues& values) {
  return std::all_of(s.symbols.equalities().begin(), s.symbols.equalities().end(), [&](const Symbols::Equality& e) { return evaluate(e.a, values) == evaluate(e.b, values); });
}

// All symbols at their k-th size, then each at its sizes with the others at their largest.
std::vector<SymbolValues> size_sets(const Signature& s) {
  std::set<SymbolValues> out;
  std::map<std::string, std::vector<std::int64_t>, std::less<>> sizes;
  for (const Symbol& symbol : s.symbols.all())
    if (!symbol.measured) sizes[symbol.name] = sizes_of(symbol.bounds);
  SymbolValues largest;
  for (const auto& [name, n] : sizes) largest[name] = *std::max_element(n.begin(), n.end());
  out.insert(largest);
  for (std::size_t k = 0; k < 6; ++k) {
    SymbolValues values;
    for (const auto& [name, n] : sizes) values[name] = n[std::min(k, n.size() - 1)];
    out.insert(values);
  }
  for (const auto& [name, n] : sizes)
    for (const std::int64_t size : n) {
      SymbolValues values = largest;
      values[name] = size;
      out.insert(values);
    }
  std::vector<SymbolValues> list;
  std::copy_if(out.begin(), out.end(), std::back_inserter(list), [&](const SymbolValues& v) { return legal(s, v); });
  return list;
}

struct Check {
  SymbolValues sizes;
  bool passed = true;
  std::string reason;
  double max_abs = 0;
};

void compare_with_peer(Check& c, const std::vector<Tensor>& ours, const std::vector<Tensor>& theirs) {
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const Comparison same = compare(ours[i], theirs[i], {1e-3, 1e-5});
    c.max_abs = std::max(c.max_abs, same.max_abs.value_or(0));
    if (same.passed) continue;
    c.passed = false;
    if (c.reason.empty()) c.reason = fmt::format("output {}: {}", i, same.reason);
  }
}

class ModelCheck {
 public:
  ModelCheck(const VerifyModel& options, const LoadedModel& model, const ort::Library& library) : options_(options), model_(model), library_(library) {}

  Check run(const SymbolValues& sizes, std::uint64_t seed) {
    Check out{sizes, true, {}, 0};
    try {
      const auto inputs = sample_inputs(model_.signature(), sizes, seed);
      const auto ours = run_model(model_, inputs, sizes);
      compare_with_peer(out, ours, peer_outputs(inputs, ours));
    } catch (const UserError& e) {
      out.passed = false;
      out.reason = e.what();
    }
    return out;
  }

 private:
  std::vector<Tensor> peer_outputs(const std::vector<Tensor>& inputs, const std::vector<Tensor>& ours) {
    if (!peer_) peer_ = std::make_unique<Peer>(library_, options_.model.model, ort::Optimization::basic, inputs, ours);
    else peer_->bind(inputs, ours);
    peer_->run();
    return peer_->outputs();
  }

  const VerifyModel& options_;
  const LoadedModel& model_;
  const ort::Library& library_;
  std::unique_ptr<Peer> peer_;
};

std::string sizes_text(const SymbolValues& sizes) {
  std::string out;
  for (const auto& [name, n] : sizes) out += fmt::format("{}{}={}", out.empty() ? "" : " ", escape(name), n);
  return out.empty() ? "fixed sizes" : out;
}

Json to_json(const Check& c) {
  Json sizes = Json::object();
  for (const auto& [name, n] : c.sizes) sizes[name] = n;
  return {{"dims", sizes}, {"verdict", c.passed ? "PASS" : "FAIL"}, {"reason", c.reason}, {"max_abs", c.max_abs}};
}

}  // namespace

int verify_model(const VerifyModel& options) {
  const Progress progress;
  Front front = open_model(options.model);
  const EmitOptions emitted = emit_options(front, options.model.model, "model");
  const ort::Library library(ort::find_library(options.onnxruntime));
  const auto model = build_and_load(lower_model(front), emitted, progress);
  ModelCheck checker(options, *model, library);
  Json rows = Json::array();
  std::size_t failures = 0;
  std::uint64_t seed = 1;
  for (const SymbolValues& sizes : size_sets(model->signature())) {
    const Check c = checker.run(sizes, seed++);
    failures += c.passed ? 0 : 1;
    rows.push_back(to_json(c));
    if (options.json != "-") std::cout << fmt::format("{} {}: {}\n", c.passed ? "PASS" : "FAIL", sizes_text(sizes), c.passed ? fmt::format("largest difference {:.3g}", c.max_abs) : c.reason);
  }
  if (options.json != "-") std::cout << fmt::format("{} passed, {} failed (onnxruntime {}, {})\n", rows.size() - failures, failures, library.version(), model->isa());
  if (!options.json.empty())
    write_json(options.json, {{"model", options.model.model.string()}, {"onnxruntime", library.version()}, {"isa", model->isa()}, {"checks", rows}, {"passed", rows.size() - failures}, {"failed", failures}});
  return failures == 0 ? ok : failed;
}

}  // namespace inferc::cli
