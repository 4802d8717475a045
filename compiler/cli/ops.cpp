#include <iostream>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::cli {
namespace {

std::string dtypes(TypeSet set) {
  std::string out;
  for (int i = 1; i <= 26; ++i)
    if (const auto t = dtype_from_onnx(i); t && set.has(*t)) out += fmt::format("{}{}", out.empty() ? "" : " ", short_name(*t));
  return out;
}

// "expands": nodes of other operators take its place, whose rows tell.
const char* kernel(const Op& op) {
  if (op.lower_fast || op.elementwise) return "fast";
  return op.expand && !op.lower ? "expands" : "reference";
}

nlohmann::ordered_json table() {
  auto out = nlohmann::ordered_json::array();
  for (const Op* op : all_ops())
    out.push_back({{"operator", op->name},
                   {"domain", op->domain},
                   {"opsets", op->versions},
                   {"dtypes", op->inputs.empty() ? "" : dtypes(op->inputs[0].types)},
                   {"kernel", kernel(*op)}});
  return out;
}

}  // namespace

int ops(const std::string& json) {
  const auto rows = table();
  if (!json.empty()) return write_json(json, rows), ok;
  std::cout << fmt::format("{:<24} {:<40} {:<10} {}\n", "operator", "opsets", "kernel", "dtypes");
  for (const auto& r : rows) {
    if (r["domain"] == "inferc") continue;
    std::cout << fmt::format("{:<24} {:<40} {:<10} {}\n", r["operator"].get<std::string>(), r["opsets"].get<std::string>(), r["kernel"].get<std::string>(),
                             r["dtypes"].get<std::string>());
  }
  return ok;
}

}  // namespace inferc::cli
