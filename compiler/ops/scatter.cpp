#include "compiler/ops/scatter.hpp"

#include <fmt/format.h>

namespace inferc::scatter {

bool check_reduction(Infer& i) {
  const std::string reduction = i.node.attr("reduction", std::string("none"));
  if (reduction == "none") return true;
  if (reduction != "add" && reduction != "mul" && reduction != "max" && reduction != "min")
    return i.fail(fmt::format("reduction '{}' is not known", escape(reduction)), "none, add, mul, max and min are");
  return i.dtype(0) != DType::boolean || i.fail(fmt::format("reduction '{}' of bool is not defined", reduction));
}

std::string functor(const Node& node) {
  const std::string reduction = node.attr("reduction", std::string("none"));
  return "functors::" + (reduction == "none" ? "second" : reduction);
}

}  // namespace inferc::scatter
