#include <iostream>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc::cli {
namespace {

struct Arguments : ModelArguments {
  std::string after, json;
};

bool is_pass(std::string_view name) {
  const auto& all = pipeline();
  return std::any_of(all.begin(), all.end(), [&](const Pass& p) { return p.name == name; });
}

int print_after(const Arguments& a) {
  if (a.after != "import" && !is_pass(a.after)) {
    std::string names = "import";
    for (const Pass& p : pipeline()) names += ", " + std::string(p.name);
    throw UsageError(fmt::format("--after {}: no such pass", escape(a.after)), "passes in order: " + names);
  }
  Front front = open_model(a);
  if (a.after != "import") run_pipeline(*front.graph, a.after);
  std::cout << text(*front.graph);
  return ok;
}

nlohmann::ordered_json ports(const std::vector<Value*>& values) {
  auto out = nlohmann::ordered_json::array();
  for (const Value* v : values) out.push_back({{"name", v->name}, {"type", text(*v->type)}});
  return out;
}

nlohmann::ordered_json report(const Arguments& a) {
  Front front = open_model(a);
  nlohmann::ordered_json out{{"model", a.model.string()}, {"inputs", ports(front.graph->inputs())}, {"outputs", ports(front.graph->outputs())}};
  auto symbols = nlohmann::ordered_json::array();
  for (const Symbol& s : front.graph->symbols().all()) symbols.push_back({{"name", s.name}, {"lower", s.bounds.lower}, {"upper", s.bounds.upper}});
  std::map<std::string, int> operators;
  for (const Node* n : front.graph->nodes()) ++operators[n->op];
  std::size_t parameters = 0;
  for (const Value* v : front.graph->constants()) parameters += v->constant->size();
  const Program program = lower_model(front);
  Dim flops(0);
  for (const Call& c : program.calls) flops = flops + c.flops;
  out.update({{"symbols", symbols}, {"operators", operators}, {"parameters", parameters}, {"flops", flops.text()}, {"calls", program.calls.size()},
              {"arena_bytes", program.arena_bytes.text()}, {"arena_lower_bound", program.arena_lower_bound.text()}});
  return out;
}

int inspect(const Arguments& a) {
  if (!a.after.empty()) return print_after(a);
  const auto r = report(a);
  if (!a.json.empty()) return write_json(a.json, r), ok;
  for (const auto& [key, value] : r.items()) {
    if (!value.is_array() && !value.is_object()) {
      std::cout << fmt::format("{:<18} {}\n", key, value.is_string() ? value.get<std::string>() : value.dump());
      continue;
    }
    std::cout << key << "\n";
    for (const auto& [k, row] : value.items()) std::cout << "  " << (value.is_object() ? k + " " : "") << row.dump() << "\n";
  }
  return ok;
}

}  // namespace

void add_inspect(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* c = app.add_subcommand("inspect", "show what a model is, or its graph after a pass");
  add_model_arguments(*c, *a);
  c->add_option("--after", a->after, "print the graph as it is after this pass ('import': before the first)");
  add_json_option(*c, a->json);
  c->callback([a, &status] { status = inspect(*a); });
}

}  // namespace inferc::cli
