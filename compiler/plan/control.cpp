#include "compiler/plan/control.hpp"

#include <algorithm>

namespace inferc {
namespace {

class Control {
 public:
  Control(const Node& node, Builder& builder, Lower::Placement& placed, const LowerNodes& lower_nodes)
      : node_(node), builder_(builder), placed_(placed), lower_nodes_(lower_nodes), lower_(node, builder, placed, false) {}

  void branches() {
    Call call = begin(branch_kernel, {read(lower_.in(0))});
    std::size_t capture = node_.inputs.size();
    for (const Region& r : node_.regions) capture -= r.captures;
    for (const Region& r : node_.regions) {
      place_captures(r, capture);
      capture += r.captures;
      call.bodies.push_back(body([&] {
        lower_nodes_(*r.graph);
        for (std::size_t k = 0; k < node_.outputs.size(); ++k)
          if (node_.outputs[k]) lower_.copy(lower_.out(k), place_of(r.graph->outputs()[k]));
      }));
    }
    builder_.call(std::move(call));
  }

  // Inputs: trip count and condition, either may be omitted, then what is carried. The body's: iteration, condition, carried.
  void loop() {
    const Region& r = node_.regions[0];
    const Graph& graph = *r.graph;
    const std::size_t carried = graph.inputs().size() - r.captures - 2;
    const Operand condition = initial(1, Type{DType::boolean, {}}, std::nullopt);
    std::vector<Operand> state{condition};
    for (std::size_t k = 0; k < carried; ++k) {
      const std::optional<Operand> place = node_.out(k) ? std::optional(lower_.out(k)) : std::nullopt;
      state.push_back(initial(2 + k, *graph.inputs()[2 + k]->type, place));
    }
    const Operand iteration = lower_.temporary(DType::int64, {});
    place_captures(r, node_.inputs.size() - r.captures);
    placed_[graph.inputs()[0]] = iteration;
    for (std::size_t k = 0; k < state.size(); ++k) placed_[graph.inputs()[1 + k]] = state[k];
    Call call = begin(loop_kernel, {write(iteration), read(condition)});
    if (node_.in(0)) call.args.push_back(read(lower_.in(0)));
    const Dim number = Dim::symbol(iteration_symbol(call));
    call.bodies.push_back(body([&] {
      lower_nodes_(graph);
      collect(graph, carried, number);
      advance(graph, state);
    }));
    builder_.call(std::move(call));
  }

 private:
  [[nodiscard]] Call begin(std::string_view kernel, std::vector<Arg> args) const {
    Call call{.kernel = std::string(kernel), .args = std::move(args)};
    call.nodes = node_.origins.empty() ? std::vector{address(node_)} : node_.origins;
    return call;
  }
  // The calls that `lower` makes, apart from those around.
  std::vector<Call> body(const std::function<void()>& lower) {
    std::vector<Call> calls;
    std::swap(calls, builder_.calls());
    lower();
    std::swap(calls, builder_.calls());
    return calls;
  }
  void place_captures(const Region& r, std::size_t first) {
    const auto& inputs = r.graph->inputs();
    for (std::size_t k = 0; k < r.captures; ++k)
      if (node_.in(first + k)) placed_[inputs[inputs.size() - r.captures + k]] = lower_.in(first + k);
  }
  Operand place_of(const Value* v) {
    const auto at = placed_.find(v);
    return at != placed_.end() ? at->second : builder_.weight(*v->constant, v->name);
  }
  // A buffer of its own, or `place`, with the value of operand `i`; an omitted one is a condition that holds.
  Operand initial(std::size_t i, const Type& type, const std::optional<Operand>& place) {
    const Operand to = place ? *place : lower_.temporary(type.dtype, type.shape);
    if (node_.in(i)) {
      lower_.copy(to, lower_.in(i));
    } else {
      Tensor holds(DType::boolean, {});
      holds.as<bool>()[0] = true;
      lower_.copy(to, lower_.weight(std::move(holds)));
    }
    return to;
  }
  // New values take the old ones' places at the end; those that lie in such places themselves are put aside before.
  void advance(const Graph& graph, const std::vector<Operand>& state) {
    std::vector<Operand> next;
    for (std::size_t k = 0; k < state.size(); ++k) {
      Operand from = place_of(graph.outputs()[k]);
      const bool old = std::any_of(state.begin(), state.end(), [&](const Operand& s) { return s.buffer == from.buffer; });
      if (old && !(from == state[k])) {
        const Operand aside = lower_.temporary(from.dtype, from.shape);
        lower_.copy(aside, from);
        from = aside;
      }
      next.push_back(from);
    }
    for (std::size_t k = 0; k < state.size(); ++k) lower_.copy(state[k], next[k]);
  }
  // Row `iteration` of each output that collects.
  void collect(const Graph& graph, std::size_t carried, const Dim& iteration) {
    for (std::size_t k = carried; k < node_.outputs.size(); ++k) {
      if (!node_.out(k)) continue;
      Operand row = lower_.out(k);
      row.offset = row.offset + iteration * row.strides[0];
      row.shape.erase(row.shape.begin());
      row.strides.erase(row.strides.begin());
      lower_.copy(row, place_of(graph.outputs()[1 + k]));
    }
  }

  const Node& node_;
  Builder& builder_;
  Lower::Placement& placed_;
  const LowerNodes& lower_nodes_;
  Lower lower_;
};

}  // namespace

bool is_control(const Node& n) { return n.is("If") || n.is("Loop"); }

std::string iteration_symbol(const Call& loop) {
  return "loop." + std::to_string(std::get<PointerArg>(loop.args[0]).operand.buffer.index);
}

void lower_control(const Node& node, Builder& builder, Lower::Placement& placed, const LowerNodes& lower_nodes) {
  Control control(node, builder, placed, lower_nodes);
  if (node.is("If")) control.branches();
  else control.loop();
}

}  // namespace inferc
