#include <iostream>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"

namespace inferc::cli {

int check(const CheckArguments& a) {
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

}  // namespace inferc::cli
