#include <algorithm>

#include "compiler/ops/op.hpp"
#include "compiler/plan/arena.hpp"
#include "compiler/plan/program.hpp"

namespace inferc {
namespace {

constexpr std::int64_t weight_alignment = 64;

// A Concat's output buffer takes the outputs of the nodes that feed it, so that they are written in place. Values that
// are views of others, read by the Concat twice, or placed already are copied instead.
void place_concat_inputs(const Graph& graph, Builder& builder, Lower::Placement& placed) {
  std::vector<Node*> nodes = graph.nodes();
  for (auto at = nodes.rbegin(); at != nodes.rend(); ++at) {
    const Node& n = **at;
    if (!n.is("Concat")) continue;
    const Value* out = n.out();
    if (!placed.count(out)) placed[out] = builder.temporary(out->name, *out->type);
    const std::int64_t axis = n.attr_int("axis", 0);
    const auto d = static_cast<std::size_t>(axis < 0 ? axis + out->type->rank() : axis);
    Dim begin(0);
    for (const Value* v : n.inputs) {
      const Dim size = v->type->shape[d];
      const bool computed = v->producer && !v->is_constant() && !placed.count(v) && v->uses.size() == 1;
      const bool moves = computed && (v->producer->is("Reshape") || v->producer->is("Transpose") || v->producer->is("Slice") ||
                                      v->producer->is("Squeeze") || v->producer->is("Unsqueeze") || v->producer->is("Split"));
      if (computed && !moves) placed[v] = slice_view(placed[out], d, begin, size);
      begin = begin + size;
    }
  }
}

class Planner {
 public:
  Planner(const Graph& graph, bool allow_fast) : graph_(graph), allow_fast_(allow_fast) {}

  Program run() {
    program_.name = graph_.name;
    program_.symbols = graph_.shared_symbols();
    place_ports();
    place_concat_inputs(graph_, builder_, placed_);
    for (const Node* n : graph_.nodes()) lower_node(*n, builder_, placed_, allow_fast_);
    copy_unwritten_outputs();
    program_.buffers = builder_.buffers();
    program_.weights = builder_.weights();
    program_.calls = std::move(builder_.calls());
    place_buffers();
    return std::move(program_);
  }

 private:
  void place_ports() {
    for (const Value* v : graph_.inputs()) {
      const Operand place = builder_.input(program_.inputs.size(), v->name, *v->type);
      program_.inputs.push_back({v->name, *v->type, place.buffer});
      placed_[v] = place;
    }
    for (const Value* v : graph_.outputs()) {
      const Operand place = builder_.output(program_.outputs.size(), v->name, *v->type);
      program_.outputs.push_back({v->name, *v->type, place.buffer});
      outputs_.push_back(place);
      if (v->producer && !placed_.count(v)) placed_[v] = place;
    }
  }
  // An output that is an input, a constant or the same value as another output.
  void copy_unwritten_outputs() {
    Graph scratch(graph_.shared_symbols());
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      const Value* v = graph_.outputs()[i];
      const auto at = placed_.find(v);
      const Operand from = at != placed_.end() ? at->second : builder_.weight(*v->constant, v->name);
      if (from == outputs_[i]) continue;
      Node* copy = scratch.add_node("Identity", {scratch.add_input(v->name, *v->type)});
      copy->outputs[0]->type = *v->type;
      Lower(*copy, builder_, placed_, allow_fast_).copy(outputs_[i], from);
    }
  }
  void place_buffers() {
    Arena arena = plan_arena(program_.calls, program_.buffers, *program_.symbols);
    program_.offsets = std::move(arena.offsets);
    program_.arena_bytes = arena.bytes;
    program_.arena_lower_bound = program_.symbols->all_bounded()
                                     ? live_bytes_peak(program_.calls, program_.buffers, *program_.symbols)
                                     : 0;
    std::int64_t at = 0;
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
      if (program_.buffers[b].space != Space::weight) continue;
      program_.offsets[b] = at;
      const auto bytes = static_cast<std::int64_t>(program_.weights[program_.buffers[b].index].tensor.bytes().size());
      at += (bytes + weight_alignment - 1) / weight_alignment * weight_alignment;
    }
  }

  const Graph& graph_;
  bool allow_fast_;
  Program program_;
  Builder builder_;
  Lower::Placement placed_;
  std::vector<Operand> outputs_;
};

}  // namespace

Program plan(const Graph& graph, bool allow_fast) { return Planner(graph, allow_fast).run(); }

}  // namespace inferc
