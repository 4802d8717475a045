#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"

namespace inferc::op_Gelu {
namespace {

std::string approximation(const Node& n) { return n.attr("approximate", std::string("none")); }
bool is_exact(const Node& n) { return approximation(n) == "none"; }

void infer(Infer& i) {
  if (!is_exact(i.node) && approximation(i.node) != "tanh") {
    i.fail(fmt::format("attribute 'approximate' is '{}'", escape(approximation(i.node))), "none and tanh are defined");
    return;
  }
  i.out(0, i.dtype(0), i.shape(0));
}

std::string functor(const Node& n) { return is_exact(n) ? "functors::gelu" : "functors::gelu_tanh"; }

void lower(Lower& l) {
  if (is_exact(l.node)) elementwise::lower1<functors::gelu, FloatTypes>(l, "functors::gelu", {}).flops = product(l.out_type().shape);
  else elementwise::lower1<functors::gelu_tanh, FloatTypes>(l, "functors::gelu_tanh", {}).flops = product(l.out_type().shape);
}

}  // namespace

extern const Op op = {.name = "Gelu",
                      .inputs = {{"X", types::floats}},
                      .attributes = {{"approximate", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .elementwise = Elementwise{.functor = {}, .functor_of = functor},
                      .versions = "20"};

}  // namespace inferc::op_Gelu
