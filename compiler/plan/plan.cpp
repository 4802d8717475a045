#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/evaluate_control.hpp"
#include "compiler/ops/fused.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/plan/arena.hpp"
#include "compiler/plan/control.hpp"
#include "compiler/plan/index_bounds.hpp"
#include "compiler/plan/prepare.hpp"
#include "compiler/plan/program.hpp"
#include "compiler/plan/row_blocks.hpp"
#include "compiler/plan/size_checks.hpp"
#include "compiler/plan/workers.hpp"

namespace inferc {
namespace {

bool is_view(const Node& n) {
  return n.is("View", "inferc") || n.is("Reshape") || n.is("Squeeze") || n.is("Unsqueeze") || n.is("Flatten") || n.is("Transpose") || n.is("Slice") ||
         n.is("Split") || n.is("Expand") || n.is("Identity");
}

// Whether every reader gives the same bits for any strides of `v`: elementwise ones, Concat, and products with constant weights, whose
// terms stay in their order. Others choose kernels by how their operands lie.
bool is_read_by_strides(const Value& v) {
  return std::all_of(v.uses.begin(), v.uses.end(), [](const Use& u) {
    const Node& n = *u.node;
    if (is_view(n)) return u.index == 0 && std::all_of(n.outputs.begin(), n.outputs.end(), [](const Value* o) { return !o || is_read_by_strides(*o); });
    if (n.is("Fused", "inferc") || is_elementwise(n) || n.is("Concat")) return true;
    return (n.is("Gemm") || n.is("MatMul")) && u.index == 0 && n.in(1)->is_constant();
  });
}

// Decides where values are written before any node is lowered: outputs of the model in the caller's buffers, operands of
// a Concat in its result.
class Placer {
 public:
  Placer(Builder& builder, Lower::Placement& placed) : builder_(builder), placed_(placed) {}

  // `v` is written to `place`; if it is a whole view of another computed value, that one is.
  void put(const Value* v, const Operand& place) {
    placed_[v] = place;
    const Node* n = v->producer;
    const Value* from = n->in(0);
    if (n->is("View", "inferc") && computed(from)) {
      if (const auto source = reshape_view(place, from->type->shape)) put(from, *source);
    } else if (n->is("Transpose") && n->attributes.count("perm") && computed(from)) {
      put(from, transpose_view(place, inverse_permutation(n->attr("perm", std::vector<std::int64_t>{}))));
    }
  }
  void concat(const Node& n) {
    const Value* out = n.out();
    if (!placed_.count(out)) placed_[out] = builder_.temporary(out->name, *out->type);
    const std::size_t d = from_front(n.attr_int("axis", 0), out->type->rank());
    Dim begin(0);
    for (const Value* v : n.inputs) {
      const Dim size = v->type->shape[d];
      if (computed(v) || whole_view(v)) put(v, slice_view(placed_[out], d, begin, size));
      begin = begin + size;
    }
  }

 private:
  // Written by a kernel and not placed yet.
  bool computed(const Value* v) const { return v && v->producer && !v->is_constant() && !placed_.count(v) && (!is_view(*v->producer) || whole_view(v)); }
  // A View or Transpose of a computed value: written through it.
  bool whole_view(const Value* v) const {
    const Node* n = v->producer;
    return n && !placed_.count(v) && (n->is("View", "inferc") || n->is("Transpose")) && computed(n->in(0));
  }
  Builder& builder_;
  Lower::Placement& placed_;
};

enum class Form : unsigned char { calls, in_blocks, for_workers };

class Planner {
 public:
  Planner(const Graph& graph, bool allow_fast, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs,
          const std::vector<std::size_t>& strided, Form form = Form::calls)
      : graph_(graph), allow_fast_(allow_fast), carried_(carried), static_inputs_(static_inputs), strided_(strided), form_(form) {}

  Program run() {
    program_.name = graph_.name;
    program_.symbols = graph_.shared_symbols();
    place_ports();
    lower_nodes(graph_);
    copy_unwritten_outputs();
    keep_state();
    program_.buffers = builder_.buffers();
    for (Buffer& b : program_.buffers) b.size = program_.symbols->at_limits(b.size);
    program_.weights = builder_.weights();
    program_.calls = std::move(builder_.calls());
    std::vector<Shape> shapes;
    for (const TensorPort& t : program_.outputs) shapes.push_back(t.type.shape);
    add_size_checks(program_.calls, *program_.symbols, shapes);
    program_.index_bounds = input_bounds(builder_, *program_.symbols, unsure_, program_.strides);
    put_guards_first();
    if (form_ == Form::for_workers) widen_scratch(program_.calls);
    if (form_ == Form::in_blocks && static_ports_.empty()) block_rows(program_);
    place_buffers();
    if (!static_ports_.empty()) split_static(program_, static_ports_);
    return std::move(program_);
  }

 private:
  void place_ports() {
    for (const Carry& c : carried_) place_state(c);
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) place_input(i);
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      if (std::any_of(carried_.begin(), carried_.end(), [&](const Carry& c) { return c.output == i; })) continue;
      const Value* v = graph_.outputs()[i];
      const Operand place = builder_.output(program_.outputs.size(), v->name, *v->type);
      program_.outputs.push_back({v->name, *v->type, place.buffer});
      outputs_.emplace_back(v, place);
      note_measured(v->type->shape);
      if (v->producer && !v->is_constant() && !placed_.count(v)) placer_.put(v, place);
    }
  }
  // A static input is read from a copy: the caller's is there only while the program prepares.
  void place_input(std::size_t index) {
    const Value* v = graph_.inputs()[index];
    if (placed_.count(v)) return;
    const Operand place = builder_.input(program_.inputs.size(), v->name, *v->type);
    placed_[v] = place;
    if (std::find(static_inputs_.begin(), static_inputs_.end(), index) != static_inputs_.end()) {
      static_ports_.push_back(program_.inputs.size());
      placed_[v] = builder_.temporary(v->name, *v->type);
      copy(v, placed_[v], place);
    }
    if (std::find(strided_.begin(), strided_.end(), index) != strided_.end()) place_window(v, place);
    program_.inputs.push_back({v->name, *v->type, place.buffer});
  }
  void place_window(const Value* v, Operand window) {
    for (std::size_t d = 0; d < window.strides.size(); ++d) {
      const std::string symbol = program_.symbols->fresh(fmt::format("stride_{}_{}", v->name, d));
      program_.symbols->measure(symbol, Dim(unbounded));
      program_.strides.push_back({window.buffer, d, symbol});
      window.strides[d] = Dim::symbol(symbol);
    }
    placed_[v] = window;
    if (is_read_by_strides(*v)) return;
    placed_[v] = builder_.temporary(v->name, *v->type);
    copy(v, placed_[v], window);
  }
  void place_state(const Carry& c) {
    const Value* v = graph_.inputs()[c.input];
    const Operand place = builder_.temporary(v->name, *v->type);
    std::optional<BufferId> initial;
    if (c.initial) initial = builder_.weight(*c.initial, v->name).buffer;
    program_.state.push_back({v->name, graph_.outputs()[c.output]->name, *v->type, place.buffer, initial});
    placed_[v] = place;
  }
  void note_measured(const Shape& shape) {
    std::vector<std::string> names;
    for (const Dim& d : shape) collect_symbols(d, names);
    for (const std::string& n : names)
      if (program_.symbols->is_measured(n) && std::find(program_.measured.begin(), program_.measured.end(), n) == program_.measured.end())
        program_.measured.push_back(n);
  }
  // Regions of control flow recurse.
  void lower_nodes(const Graph& graph) {
    place_concats(graph);
    for (const Node* n : graph.nodes()) {
      if (is_control(*n)) lower_control_node(*n);
      else lower_node(*n, builder_, placed_, allow_fast_);
    }
  }
  // What a body does may not happen, or happen again: it says nothing of indices before the first call.
  void lower_control_node(const Node& n) {
    const std::size_t bounds = builder_.index_bounds().size(), moves = builder_.moves().size();
    lower_control(n, builder_, placed_, allow_fast_, [this](const Graph& region) { lower_nodes(region); });
    unsure_.bounds.emplace_back(bounds, builder_.index_bounds().size());
    unsure_.moves.emplace_back(moves, builder_.moves().size());
  }
  // Those that are read last first, so that nested ones find their place.
  void place_concats(const Graph& graph) {
    std::vector<Node*> nodes = graph.nodes();
    for (auto n = nodes.rbegin(); n != nodes.rend(); ++n)
      if ((*n)->is("Concat")) placer_.concat(**n);
  }
  // Calls that only check an input, so that nothing is written before they do.
  void put_guards_first() {
    for (Call& c : program_.calls) c.guards = guarded_input(c);
    std::stable_partition(program_.calls.begin(), program_.calls.end(), [](const Call& c) { return c.guards.has_value(); });
  }
  // Sizes that calls before it find out.
  [[nodiscard]] bool waits_for_sizes(const Arg& a) const {
    std::vector<Dim> sizes;
    if (const auto* s = std::get_if<SizeArg>(&a)) sizes = {s->size};
    if (const auto* s = std::get_if<RuntimeSizeArg>(&a)) sizes = {s->size};
    if (const auto* s = std::get_if<SizesArg>(&a)) sizes = s->sizes;
    for (const auto& [operand, access] : operands(a)) sizes.insert(sizes.end(), operand->shape.begin(), operand->shape.end());
    return std::any_of(sizes.begin(), sizes.end(), [&](const Dim& d) { return program_.symbols->has_measured(d); });
  }
  [[nodiscard]] std::optional<std::size_t> guarded_input(const Call& c) const {
    std::optional<std::size_t> out;
    if (std::any_of(c.args.begin(), c.args.end(), [&](const Arg& a) { return waits_for_sizes(a); })) return std::nullopt;
    for (const Arg& a : c.args)
      for (const auto& [operand, access] : operands(a)) {
        const Buffer& b = program_.buffers[operand->buffer.index];
        if (access == Access::write || (b.space != Space::input && b.space != Space::weight)) return std::nullopt;
        if (b.space == Space::input && !out) out = b.index;
      }
    return c.may_fault && c.bodies.empty() ? out : std::nullopt;
  }
  // An output that is an input, a constant or the same value as another output.
  void copy_unwritten_outputs() {
    for (const auto& [v, place] : outputs_)
      if (const Operand from = place_of(v); !(from == place)) copy(v, place, from);
  }
  // State that becomes other state is put aside before any of it is written. What moves is of the next call: it says nothing
  // of the indices of this one.
  void keep_state() {
    const std::size_t moves = builder_.moves().size();
    std::vector<std::pair<const Value*, Operand>> next;
    for (const Carry& c : carried_) {
      const Value* v = graph_.outputs()[c.output];
      Operand from = place_of(v);
      if (is_state(from.buffer) && !(from == placed_.at(graph_.inputs()[c.input]))) {
        const Operand aside = builder_.temporary(v->name, {from.dtype, from.shape});
        copy(v, aside, from);
        from = aside;
      }
      next.emplace_back(v, from);
    }
    for (std::size_t k = 0; k < carried_.size(); ++k)
      if (const Operand& place = placed_.at(graph_.inputs()[carried_[k].input]); !(next[k].second == place)) copy(next[k].first, place, next[k].second);
    unsure_.moves.emplace_back(moves, builder_.moves().size());
  }
  [[nodiscard]] bool is_state(BufferId b) const {
    return std::any_of(program_.state.begin(), program_.state.end(), [&](const StatePort& s) { return s.buffer == b; });
  }
  Operand place_of(const Value* v) {
    const auto at = placed_.find(v);
    return at != placed_.end() ? at->second : builder_.weight(*v->constant, v->name);
  }
  void copy(const Value* v, const Operand& to, const Operand& from) {
    Graph scratch(graph_.shared_symbols());
    Node* node = scratch.add_node("Identity", {scratch.add_input(v->name, *v->type)});
    node->outputs[0]->type = *v->type;
    Lower(*node, builder_, placed_, allow_fast_).copy(to, from);
  }
  void widen_scratch(const std::vector<Call>& calls) {
    for (const Call& c : calls) {
      if (c.worker_scratch) {
        Buffer& scratch = program_.buffers[std::get<PointerArg>(c.args[*c.worker_scratch]).operand.buffer.index];
        scratch.size = scratch.size * Dim(most_workers);
      }
      for (const auto& body : c.bodies) widen_scratch(body);
    }
  }
  // What the arena may place where it likes.
  [[nodiscard]] std::vector<Buffer> free_buffers() const {
    std::vector<Buffer> out = program_.buffers;
    for (const StatePort& s : program_.state) out[s.buffer.index].space = Space::weight;
    return out;
  }
  void place_state_first() {
    std::int64_t at = 0;
    for (const StatePort& s : program_.state) at += state_bytes(s);
    for (std::size_t b = 0; b < program_.buffers.size(); ++b)
      if (program_.buffers[b].space == Space::arena) program_.offsets[b] = program_.offsets[b] + Dim(at);
    program_.state_bytes = at;
    program_.arena_bytes = program_.arena_bytes + Dim(at);
    if (program_.symbols->all_bounded()) program_.arena_lower_bound = program_.arena_lower_bound + Dim(at);
    for (auto s = program_.state.rbegin(); s != program_.state.rend(); ++s) program_.offsets[s->buffer.index] = at -= state_bytes(*s);
  }
  [[nodiscard]] static std::int64_t state_bytes(const StatePort& s) {
    return aligned(*product(s.type.shape).constant() * static_cast<std::int64_t>(byte_size(s.type.dtype)));
  }
  void place_buffers() {
    const std::vector<Buffer> buffers = free_buffers();
    Arena arena = plan_arena(program_.calls, buffers, *program_.symbols);
    program_.offsets = std::move(arena.offsets);
    program_.arena_locals = std::move(arena.locals);
    program_.arena_bytes = arena.bytes;
    program_.arena_lower_bound = program_.symbols->all_bounded() ? live_bytes_peak(program_.calls, buffers, *program_.symbols) : 0;
    place_state_first();
    std::int64_t at = 0;
    for (std::size_t b = 0; b < program_.buffers.size(); ++b) {
      if (program_.buffers[b].space != Space::weight) continue;
      program_.offsets[b] = at;
      at += aligned(static_cast<std::int64_t>(program_.weights[program_.buffers[b].index].tensor.bytes().size()));
    }
  }

  const Graph& graph_;
  bool allow_fast_;
  const std::vector<Carry>& carried_;
  const std::vector<std::size_t>& static_inputs_;
  const std::vector<std::size_t>& strided_;
  std::vector<std::size_t> static_ports_;  // of them, among the program's inputs
  Form form_;
  Program program_;
  Builder builder_;
  Lower::Placement placed_;
  Placer placer_{builder_, placed_};
  std::vector<std::pair<const Value*, Operand>> outputs_;
  Unsure unsure_;
};

}  // namespace

std::vector<const StridePort*> strides_of(const Program& p, const TensorPort& input) {
  std::vector<const StridePort*> out;
  for (const StridePort& s : p.strides)
    if (s.input == input.buffer) out.push_back(&s);
  return out;
}

std::string workspace_text(const Program& p) {
  Dim out = p.arena_bytes;
  for (std::size_t i = p.arena_locals.size(); i-- > 0;) {
    const auto& [name, size] = p.arena_locals[i];
    out = substitute(out, [&](std::string_view n) { return n == name ? std::optional<Dim>(size) : std::nullopt; });
  }
  return out.text();
}

Program plan(const Graph& graph, bool allow_fast, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs,
             const std::vector<std::size_t>& strided) {
  return Planner(graph, allow_fast, carried, static_inputs, strided).run();
}

Program plan_for_workers(const Graph& graph, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs,
                         const std::vector<std::size_t>& strided) {
  return Planner(graph, true, carried, static_inputs, strided, Form::for_workers).run();
}

Program plan_in_blocks(const Graph& graph, const std::vector<Carry>& carried, const std::vector<std::size_t>& static_inputs,
                       const std::vector<std::size_t>& strided) {
  return Planner(graph, true, carried, static_inputs, strided, Form::in_blocks).run();
}

}  // namespace inferc
