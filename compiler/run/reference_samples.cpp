#include "compiler/run/reference_samples.hpp"

#include <algorithm>

#include "compiler/plan/evaluate.hpp"
#include "compiler/plan/size_checks.hpp"
#include "compiler/run/sample_inputs.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::int64_t max_cost = 50'000'000, max_stored = 100'000;

Signature signature_of(const Program& p) {
  Signature s;
  for (const TensorPort& t : p.inputs) s.inputs.push_back({t.name, t.type});
  for (const TensorPort& t : p.outputs) s.outputs.push_back({t.name, t.type});
  s.symbols = *p.symbols;
  return s;
}

// Unequal symbols get unequal sizes where their bounds allow it: mixed up dims then show.
std::vector<SymbolValues> sizes(const Symbols& symbols) {
  std::vector<SymbolValues> out;
  for (const std::int64_t wanted : {5, 18, 0}) {
    SymbolValues values;
    std::int64_t next = wanted;
    for (const Symbol& s : symbols.all()) {
      values[s.name] = std::clamp(next, s.bounds.lower, s.bounds.upper);
      if (wanted > 0) ++next;
    }
    if (std::find(out.begin(), out.end(), values) == out.end()) out.push_back(std::move(values));
  }
  return out;
}

std::int64_t stored(const Program& p, const SymbolValues& values) {
  std::int64_t out = 0;
  for (const auto* ports : {&p.inputs, &p.outputs})
    for (const TensorPort& t : *ports) out += evaluate(p.symbols->at_limits(product(t.type.shape)), values);
  return out;
}

bool agree(const Symbols& symbols, const SymbolValues& values) {
  const auto& all = symbols.equalities();
  return std::all_of(all.begin(), all.end(), [&](const auto& e) { return symbols.has_measured(e) || evaluate(e.a, values) == evaluate(e.b, values); });
}

bool runs_here(const std::vector<Call>& calls) {
  return std::all_of(calls.begin(), calls.end(), [](const Call& c) {
    return c.host || c.kernel == require_kernel || (!c.bodies.empty() && std::all_of(c.bodies.begin(), c.bodies.end(), runs_here));
  });
}

}  // namespace

std::vector<Sample> reference_samples(const Graph& graph) {
  const Program program = plan(graph, false);
  const Signature signature = signature_of(program);
  std::vector<Sample> out;
  if (!runs_here(program.calls)) return out;
  for (const SymbolValues& values : sizes(*program.symbols)) {
    try {
      if (!agree(*program.symbols, values) || stored(program, values) > max_stored || cost(program, values) > max_cost) continue;
      std::vector<Tensor> inputs = sample_inputs(signature, values, 1);
      std::vector<Tensor> outputs = evaluate(program, inputs, values);
      out.push_back({values, std::move(inputs), std::move(outputs)});
    } catch (const UserError&) {  // no meaning at this size, or a random index out of range
    }
  }
  return out;
}

}  // namespace inferc
