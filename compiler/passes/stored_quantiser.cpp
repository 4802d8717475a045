#include "compiler/passes/stored_quantiser.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/passes/grid.hpp"
#include "compiler/passes/match.hpp"

namespace inferc {
namespace {

// The element of a constant of integers with one element.
std::optional<std::int64_t> integer(const Value* v) {
  const auto g = v && v->constant && v->constant->size() == 1 && is_integer(v->constant->dtype()) ? grid::of_constant(*v->constant) : std::nullopt;
  return g && g->fraction[0] <= 0 ? std::optional(g->low[0] << -g->fraction[0]) : std::nullopt;
}

struct Step {
  int fraction;
  std::int64_t zero;
};
// Of a QuantizeLinear or DequantizeLinear: one step 2^-fraction of float32 and one zero point.
std::optional<Step> step_of(const Node& n) {
  const auto scale = n.in(1) && n.in(1)->type->dtype == DType::float32 ? scalar_value(n.in(1)) : std::nullopt;
  const auto zero = n.in(2) ? integer(n.in(2)) : std::optional<std::int64_t>(0);
  if (!scale || !zero) return std::nullopt;
  const auto exponent = grid::power_of_two(*scale);
  if (!exponent || std::abs(*exponent) > 64) return std::nullopt;
  return Step{-*exponent, *zero};
}

bool narrow(DType t) { return is_integer(t) && bit_width(t) <= 16; }

bool gives_float32(const Node& n) { return n.out()->type && n.out()->type->dtype == DType::float32; }

}  // namespace

std::optional<StoredQuantiser> stored_quantiser(const Graph& graph, Node* quantise) {
  if (!quantise->is("QuantizeLinear") || !narrow(quantise->out()->type->dtype) || quantise->in(0)->type->dtype != DType::float32) return std::nullopt;
  const DType t = quantise->out()->type->dtype;
  const std::int64_t half = std::int64_t{1} << (bit_width(t) - 1);
  StoredQuantiser out{{quantise}, 0, is_signed(t) ? -half : 0, is_signed(t) ? half - 1 : 2 * half - 1};
  Node* next = graph.only_user(quantise->out());
  if (next && next->is("Clip")) {
    const auto low = next->in(1) ? integer(next->in(1)) : out.low, high = next->in(2) ? integer(next->in(2)) : out.high;
    if (!low || !high || *low > *high || *low > out.high || *high < out.low) return std::nullopt;
    out.low = std::max(out.low, *low), out.high = std::min(out.high, *high);
    out.nodes.push_back(next);
    next = graph.only_user(next->out());
  }
  const auto to = step_of(*quantise), from = next && next->is("DequantizeLinear") && gives_float32(*next) ? step_of(*next) : std::nullopt;
  if (!to || !from || to->fraction != from->fraction || to->zero != from->zero) return std::nullopt;
  out.nodes.push_back(next);
  out.fraction = to->fraction, out.low -= to->zero, out.high -= to->zero;
  return out;
}

std::optional<int> fraction_of_integers(const Node& dequantise) {
  if (!dequantise.is("DequantizeLinear") || !gives_float32(dequantise) || !narrow(dequantise.in(0)->type->dtype) ||
      bit_width(dequantise.in(0)->type->dtype) < 8)
    return std::nullopt;
  const auto step = step_of(dequantise);
  return step && step->zero == 0 ? std::optional(step->fraction) : std::nullopt;
}

}  // namespace inferc
