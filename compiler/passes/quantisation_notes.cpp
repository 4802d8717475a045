#include "compiler/passes/quantisation_notes.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/match.hpp"

namespace inferc {
namespace quantisation_notes_detail {
namespace {

const char* const remedy = "inferc.pquant.export(model, example, path) writes the trained network without loss";

// Nodes with one thing wrong: one warning for all of them.
class Note {
 public:
  void add(const Node& n) {
    if (count_++ == 0) first_ = address(n);
  }
  void say(Diagnostics& d, std::string_view what, std::string help) const {
    if (count_ > 0) d.warning(fmt::format("{}{}: {}", first_, count_ > 1 ? fmt::format(" and {} more", count_ - 1) : "", what), std::move(help));
  }

 private:
  std::string first_;
  std::size_t count_ = 0;
};

bool is_constant(const Value* v) { return v && v->constant; }

// The range of an integer type in steps from its zero point.
struct Range {
  double low, high;
};
std::optional<Range> range_of(const Node& quantise) {
  const Value* zero = quantise.in(2);
  if (zero && !is_constant(zero)) return std::nullopt;
  const DType t = zero ? zero->constant->dtype() : DType::uint8;
  if (!is_integer(t)) return std::nullopt;
  const double half = std::ldexp(1, bit_width(t) - 1);
  return is_signed(t) ? Range{-half, half - 1} : Range{0, 2 * half - 1};
}

// The step of a QuantizeLinear to a grid of a power of two, whose zero point is 0.
std::optional<double> step_of(const Node& n) {
  const auto step = n.is("QuantizeLinear") ? scalar_value(n.in(1)) : std::nullopt;
  if (!step || !grid::power_of_two(*step)) return std::nullopt;
  const auto zero = n.in(2) && n.in(2)->constant ? grid::of_constant(*n.in(2)->constant) : std::nullopt;
  return !n.in(2) || (zero && zero->low[0] == 0 && zero->high[0] == 0) ? step : std::nullopt;
}

const Node* clip_before(const Node& n) {
  const Node* clip = n.in(0) ? n.in(0)->producer : nullptr;
  return clip && clip->is("Clip") && scalar_value(clip->in(1)) && scalar_value(clip->in(2)) ? clip : nullptr;
}

bool has_float_weights_on_a_grid(const Node& n) {
  const Value* w = n.is("Gemm") || n.is("MatMul") || n.is("Conv") ? n.in(1) : nullptr;
  return is_constant(w) && w->constant->dtype() == DType::float32 && grid::of_constant(*w->constant);
}

// Clip in float, then QuantizeLinear: so PQuantML writes its quantisers, whatever their rounding and overflow.
class QuantiseNotes {
 public:
  void see(const Node& n) {
    grids_ = grids_ || has_float_weights_on_a_grid(n);
    const auto step = step_of(n);
    const auto range = step ? range_of(n) : std::nullopt;
    if (!range || is_constant(n.in(0))) return;
    const Node* clip = clip_before(n);
    if (!clip) return unclipped_.add(n);
    const double low = *scalar_value(clip->in(1)) / *step, high = *scalar_value(clip->in(2)) / *step;
    (low < range->low || high > range->high ? narrow_ : rounded_).add(n);
  }
  void say(Diagnostics& d) const {
    narrow_.say(d, "the Clip in front reaches further than its integers: the export lost the bits beyond them", remedy);
    rounded_.say(d, "it rounds half to even and saturates, as PQuantML's export writes for every rounding (RND is its default) and for WRAP",
                 std::string(remedy) + "; nothing is lost of RND_CONV with SAT");
    if (grids_) unclipped_.say(d, "no Clip in front of it, as PQuantML writes with include_clip=False: a quantiser of fewer bits saturated earlier", remedy);
  }

 private:
  Note narrow_, rounded_, unclipped_;
  bool grids_ = false;
};

// Whether a Quant of constants changes one. PQuantML writes weights that are on their grids already: there it is a fault of the file,
// which training has not seen; with Brevitas it is how weights are quantised.
bool rounds_again(const Node& n) {
  if (!n.is("Quant", "qonnx.custom_op.general") || n.inputs.size() != 4) return false;
  std::vector<const Tensor*> operands;
  for (const Value* v : n.inputs)
    if (is_constant(v)) operands.push_back(&*v->constant);
  if (operands.size() != 4 || operands[0]->dtype() != DType::float32) return false;
  try {
    const Tensor result = evaluate_node(n, operands)[0];
    const auto before = operands[0]->as<float>(), after = result.as<float>();
    return before.size() == after.size() && !std::equal(before.begin(), before.end(), after.begin());
  } catch (const UserError&) {  // reported where types are inferred
    return false;
  }
}

}  // namespace
}  // namespace quantisation_notes_detail

void note_quantisation(const Graph& graph, Diagnostics& diagnostics) {
  using namespace quantisation_notes_detail;
  const bool from_pquantml = graph.name.starts_with("pquant_");
  QuantiseNotes quantise;
  Note again, off_step, off_bounds, truncate;
  for (const Node* n : graph.nodes()) {
    quantise.see(*n);
    if (from_pquantml && rounds_again(*n)) again.add(*n);
    if (const auto why = grid::off_grid_reason(*n); n->is("Quantize", "inferc") && !why.empty()) (why.starts_with("bounds") ? off_bounds : off_step).add(*n);
    if (n->is("Quant", "qonnx.custom_op.general") && n->attr("rounding_mode", std::string()) == "TRUNCATE") truncate.add(*n);
  }
  quantise.say(diagnostics);
  again.say(diagnostics, "constants that are off the grid of their quantiser are rounded again", remedy);
  off_step.say(diagnostics, "its scale is no power of two: what follows is computed in float32, not in integers", "a scale 2^f makes it exact");
  off_bounds.say(diagnostics, "a bound is no integer: what follows is computed in float32, not in integers", "integer bounds make it exact");
  truncate.say(diagnostics, "rounding_mode TRUNCATE, which PQuantML writes for TRN_ZERO, is read as DOWN", remedy);
}

}  // namespace inferc
