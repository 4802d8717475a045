#include <cmath>

#include "compiler/passes/grid.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace recognise_quantisers_detail {
namespace {

const Pattern scaled = Pattern::one_of(
    {Pattern::op("Mul", {Pattern::any("x"), Pattern::scalar("scale")}, "in"), Pattern::op("Div", {Pattern::any("x"), Pattern::scalar("scale")}, "in")});
const Pattern rounded =
    Pattern::one_of({Pattern::op("Floor", {Pattern::op("Add", {scaled, Pattern::scalar("half")})}, "RND"), Pattern::op("Floor", {scaled}, "TRN"),
                     Pattern::op("Round", {scaled}, "RND_CONV"), Pattern::op("Ceil", {Pattern::op("Sub", {scaled, Pattern::scalar("half")})}, "RND_MIN_INF")});
const Pattern low = Pattern::scalar("low"), high = Pattern::scalar("high");
const Pattern bounded = Pattern::one_of({Pattern::op("Clip", {rounded, low, high}), Pattern::op("Max", {Pattern::op("Min", {rounded, high}), low}),
                                         Pattern::op("Min", {Pattern::op("Max", {rounded, low}), high})});
const Pattern quantiser =
    Pattern::one_of({Pattern::op("Div", {bounded, Pattern::scalar("unit")}, "out"), Pattern::op("Mul", {bounded, Pattern::scalar("unit")}, "out")});

// The exponent by which the node multiplies.
std::optional<int> exponent(const Match& m, const char* node, const char* constant) {
  const auto v = scalar_value(m[constant]);
  const auto p = v ? grid::power_of_two(*v) : std::nullopt;
  return p ? std::optional(m.nodes.find(node)->second->is("Div") ? -*p : *p) : std::nullopt;
}

bool is_whole(double v) { return v == std::floor(v) && std::abs(v) <= 0x1p24; }

// Null: what is added in front of the rounding is not a half.
const char* rounding(const Match& m) {
  if (m["half"] && *scalar_value(m["half"]) != 0.5) return nullptr;
  for (const char* name : {"RND", "TRN", "RND_CONV", "RND_MIN_INF"})
    if (m.nodes.contains(name)) return name;
  return nullptr;
}

bool step(Graph& graph, Node* n) {
  if ((!n->is("Div") && !n->is("Mul")) || !n->out()->type || n->out()->type->dtype != DType::float32) return false;
  const auto m = match(quantiser, n->out());
  if (!m || !((*m)["x"]->type == n->out()->type)) return false;
  const auto in = exponent(*m, "in", "scale"), out = exponent(*m, "out", "unit");
  const double least = *scalar_value((*m)["low"]), most = *scalar_value((*m)["high"]);
  const char* const mode = rounding(*m);
  if (!mode || !in || !out || *in != -*out || std::abs(*in) > 100 || !is_whole(least) || !is_whole(most) || least > most) return false;
  const auto constant = [&](double v) {
    const auto f = static_cast<float>(v);
    return graph.add_constant(tensor_of<float>({}, std::span(&f, 1)));
  };
  const std::vector<Value*> operands{(*m)["x"], constant(std::ldexp(1.0, *in)), constant(least), constant(most)};
  replace_match(graph, *m, "Quantize", "inferc", operands, {{"rounding", std::string(mode)}, {"overflow", std::string("SAT")}});
  return true;
}

}  // namespace
}  // namespace recognise_quantisers_detail

// Quantisers that are written out: x times 2^f, rounded by Floor, Floor(v + 0.5), Round or Ceil(v - 0.5), within two integers by Clip or
// Min and Max, divided by 2^f. One node of the same operations, so that what is known of quantisers does not hang on how a tool
// writes them. Does not fire where the scale is no power of two, a bound no integer, or a step between is read elsewhere. Exact.
bool recognise_quantisers(Graph& graph) {
  using namespace recognise_quantisers_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
