#include <algorithm>
#include <iostream>
#include <map>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/passes/exactness.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/plan/zeros.hpp"

namespace inferc::cli {
namespace {

bool is_pass(std::string_view name) {
  const auto& all = pipeline();
  return std::any_of(all.begin(), all.end(), [&](const Pass& p) { return p.name == name; });
}

int print_after(const InspectArguments& a) {
  if (a.after != "import" && !is_pass(a.after)) {
    std::string names = "import";
    for (const Pass& p : pipeline()) names += ", " + std::string(p.name);
    throw UsageError(fmt::format("--after {}: no such pass", escape(a.after)), "passes in order: " + names);
  }
  Front front = open_model(a);
  if (a.after != "import") run_pipeline(*front.graph, a.after);
  if (a.json.empty()) std::cout << text(*front.graph);
  else write_json(a.json, {{"model", a.model.string()}, {"after", a.after}, {"graph", text(*front.graph)}});
  return ok;
}

nlohmann::ordered_json ports(const std::vector<Value*>& values) {
  auto out = nlohmann::ordered_json::array();
  for (const Value* v : values) out.push_back({{"name", v->name}, {"type", text(*v->type)}});
  return out;
}

// FLOPs, memory, and the parts done by fast kernels, at the upper bounds of the symbols where there are such.
void add_costs(const Program& p, nlohmann::ordered_json& out) {
  const auto upper = [&](const Dim& d) { return static_cast<double>(p.symbols->bounds(d).upper); };
  Dim flops(0);
  double calls[2] = {}, operations[2] = {}, bytes[2] = {};  // by any kernel, by fast ones
  for (const Call& c : p.calls) {
    flops = flops + c.flops;
    for (int fast = 0; fast <= (c.fast ? 1 : 0); ++fast) {
      calls[fast] += 1;
      operations[fast] += upper(c.flops);
      bytes[fast] += upper(bytes_of(c));
    }
  }
  const auto share = [](const double(&part)[2]) { return part[0] > 0 ? part[1] / part[0] : 1.0; };
  const bool bounded = p.symbols->all_bounded();
  out["flops"] = flops.text();
  out["flops_at_upper_bounds"] = bounded ? nlohmann::ordered_json(p.symbols->bounds(p.symbols->at_limits(flops)).upper) : nlohmann::ordered_json();
  out["arena_bytes"] = workspace_text(p);
  out["arena_lower_bound"] = bounded ? nlohmann::ordered_json(p.arena_lower_bound.text()) : nlohmann::ordered_json();
  out["weights_bytes"] = weights_size(p);
  out["fast_kernels"] = {{"calls", share(calls)}, {"flops", share(operations)}, {"bytes", share(bytes)}};
}

// What is proved of the real numbers that nodes give: those of quantised networks are integers times a power of two.
nlohmann::ordered_json grids(const Graph& graph) {
  const auto folded = clone(graph);
  run_pipeline(*folded, "canonicalise");
  const grid::Facts facts(*folded);
  auto out = nlohmann::ordered_json::array();
  for (const Node* n : folded->nodes())
    for (const Value* v : n->outputs)
      if (const grid::Grid* g = v ? facts.of(v) : nullptr; g && is_float(v->type->dtype)) out.push_back({{"value", v->name}, {"grid", grid::text(*g)}});
  return out;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& n : names) out += (out.empty() ? "" : " + ") + n;
  return out;
}

bool is_integer_layer(const Call& c) { return !c.products.empty(); }

// Layers on integers: the instructions that they take, how many of their weights are not zero, and whether these alone are read.
nlohmann::ordered_json integer_layers(const Graph& graph, const Program& program) {
  auto out = nlohmann::ordered_json::array();
  auto call = program.calls.begin();
  for (const Node* n : graph.nodes()) {
    if (!n->is("FixedLinear", "inferc") && !n->is("FixedDepthwise", "inferc")) continue;
    const auto weights = n->in(1)->constant->as<std::int32_t>();
    const auto zeros = static_cast<double>(std::count(weights.begin(), weights.end(), 0)), all = static_cast<double>(weights.size());
    call = std::find_if(call, program.calls.end(), is_integer_layer);
    if (call == program.calls.end()) break;
    out.push_back({{"layer", joined(call->nodes)},
                   {"weights", text(*n->in(1)->type)},
                   {"density", fmt::format("{:.2f}", 1 - zeros / all)},
                   {"products", call->products},
                   {"zeros", zeros_text(call->without_zeros)}});
    ++call;
  }
  return out;
}

// Layers in float32 whose weights are pruned: how many are not zero, and whether products of many rows read these alone.
nlohmann::ordered_json pruned_layers(const Graph& graph, const Program& program) {
  constexpr double pruned = 0.75;
  auto out = nlohmann::ordered_json::array();
  for (const Node* n : graph.nodes()) {
    const Value* w = n->is("MatMul") || n->is("Gemm") ? n->in(1) : nullptr;
    if (!w || !w->is_constant() || w->type->dtype != DType::float32) continue;
    const auto weights = w->constant->as<float>();
    const double density = 1 - static_cast<double>(std::count(weights.begin(), weights.end(), 0.0f)) / static_cast<double>(weights.size());
    if (!(density <= pruned)) continue;
    const auto call = std::find_if(program.calls.begin(), program.calls.end(),
                                   [&](const Call& c) { return c.without_zeros != Call::Rows::none && c.products.empty() && c.nodes == n->origins; });
    out.push_back({{"layer", joined(n->origins)},
                   {"weights", text(*w->type)},
                   {"density", fmt::format("{:.2f}", density)},
                   {"zeros", zeros_text(call == program.calls.end() ? Call::Rows::none : call->without_zeros)}});
  }
  return out;
}

// Functions that are looked up, and the integers whose results float32 may round otherwise than real numbers.
nlohmann::ordered_json tables(const Graph& graph) {
  auto out = nlohmann::ordered_json::array();
  for (const Node* n : graph.nodes()) {
    if (!n->is("FixedTable", "inferc")) continue;
    const auto near = n->attr("near", std::vector<std::int64_t>{}), columns = n->attr("near_columns", std::vector<std::int64_t>{});
    out.push_back(
        {{"function", joined(n->origins)}, {"points", n->in(1)->constant->size()}, {"columns", n->in(2)->constant->size()}, {"near a boundary", near}});
    if (!columns.empty()) out.back()["of columns"] = columns;
  }
  return out;
}

nlohmann::ordered_json report(const InspectArguments& a) {
  Front front = open_model(a);
  nlohmann::ordered_json out{{"model", a.model.string()}, {"inputs", ports(front.graph->inputs())}, {"outputs", ports(front.graph->outputs())}};
  auto symbols = nlohmann::ordered_json::array();
  for (const Symbol& s : front.graph->symbols().all()) symbols.push_back({{"name", s.name}, {"lower", s.bounds.lower}, {"upper", s.bounds.upper}});
  std::map<std::string, int> operators;
  for (const Node* n : front.graph->nodes()) ++operators[n->op];
  std::size_t parameters = 0;
  for (const Value* v : front.graph->constants()) parameters += v->constant->size();
  const auto on_grids = grids(*front.graph);
  if (const auto e = exactness_of(*front.graph)) out["exactness"] = fmt::format("{}{}{}", static_cast<char>(e->kind), e->reason.empty() ? "" : ": ", e->reason);
  const Program program = lower_model(front);
  out.update({{"symbols", symbols}, {"operators", operators}, {"parameters", parameters}, {"calls", program.calls.size()}});
  add_costs(program, out);
  if (program.prepare) {
    Dim flops(0);
    for (const Call& c : program.prepare->calls) flops = flops + c.flops;
    out["prepare"] = {{"calls", program.prepare->calls.size()}, {"flops", flops.text()}};
  }
  if (!on_grids.empty()) out["grids"] = on_grids;
  if (const auto functions = tables(*front.graph); !functions.empty()) out["tables"] = functions;
  if (const auto layers = integer_layers(*front.graph, program); !layers.empty()) out["integer_layers"] = layers;
  if (const auto layers = pruned_layers(*front.graph, program); !layers.empty()) out["pruned_layers"] = layers;
  return out;
}

// Sizes and types are ours and whole; what came out of the file is escaped, and cut where it is long.
std::string cell(std::string_view key, const nlohmann::ordered_json& value) {
  if (!value.is_string()) return value.dump();
  const bool ours = key == "arena_bytes" || key == "flops";
  return ours ? value.get<std::string>() : escape(value.get<std::string>());
}

// "  name x  type f32[n, 3]" for a row of named cells.
std::string row_text(const nlohmann::ordered_json& row) {
  std::string out = " ";
  for (const auto& [key, value] : row.items()) out += fmt::format(" {} {}", key, cell(key, value));
  return out + "\n";
}

}  // namespace

int inspect(const InspectArguments& a) {
  if (!a.after.empty()) return print_after(a);
  const auto r = report(a);
  if (!a.json.empty()) return write_json(a.json, r), ok;
  for (const auto& [key, value] : r.items()) {
    if (!value.is_array() && !value.is_object()) {
      std::cout << fmt::format("{:<22} {}\n", key, cell(key, value));
      continue;
    }
    std::cout << key << "\n";
    for (const auto& [k, row] : value.items()) std::cout << (value.is_object() ? fmt::format("  {} {}\n", escape(k), row.dump()) : row_text(row));
  }
  return ok;
}

}  // namespace inferc::cli
