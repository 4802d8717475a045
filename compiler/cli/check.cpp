#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <iostream>

#include "compiler/cli/command.hpp"
#include "compiler/cli/later.hpp"

namespace inferc::cli {
namespace {

struct Arguments : ModelArguments {
  std::string json;
};

int check(const Arguments& a) {
  std::vector<Diagnostic> problems;
  try {
    Front front = open_model(a);
    (void)lower_model(front);
  } catch (const UserError& e) {
    problems = e.problems();
  }
  print_problems(problems);
  if (!a.json.empty()) {
    auto list = nlohmann::ordered_json::array();
    for (const Diagnostic& d : problems) list.push_back({{"message", d.message}, {"help", d.help}});
    write_json(a.json, {{"model", a.model.string()}, {"ok", problems.empty()}, {"problems", list}});
  } else if (problems.empty()) {
    std::cout << a.model.string() << ": ok\n";
  }
  return problems.empty() ? ok : failed;
}

}  // namespace

void add_check(CLI::App& app, int& status) {
  const auto a = std::make_shared<Arguments>();
  CLI::App* c = app.add_subcommand("check", "tell whether a model would compile, and every problem if it would not");
  add_model_arguments(*c, *a);
  add_json_option(*c, a->json);
  add_later_options(*c);
  c->callback([a, &status] { status = check(*a); });
}

}  // namespace inferc::cli
