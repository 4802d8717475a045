#include "compiler/plan/control.hpp"

#include <algorithm>

#include "compiler/ops/control.hpp"
#include "compiler/ops/scan.hpp"
#include "compiler/plan/size_checks.hpp"
#include "kernels/ref/sizes.hpp"

namespace inferc {
namespace {

class Control {
 public:
  Control(const Node& node, Builder& builder, Lower::Placement& placed, bool allow_fast, const LowerNodes& lower_nodes)
      : node_(node), builder_(builder), placed_(placed), lower_nodes_(lower_nodes), lower_(node, builder, placed, allow_fast) {}

  void branches() {
    for (const std::string& s : node_.measures) {
      builder_.call(begin(declare_kernel, {}));
      builder_.calls().back().measures = s;
    }
    Call call = begin(branch_kernel, {read(lower_.in(0))});
    for (const std::string_view name : {"then_branch", "else_branch"})
      for (std::size_t r = 0; r < node_.regions.size(); ++r)
        if (node_.regions[r].name == name) call.bodies.push_back(body([&] { branch(r); }));
    builder_.call(std::move(call));
  }

  // Inputs: trip count and condition, either may be omitted, then what is carried. The body's: iteration, condition, carried.
  void loop() {
    const Graph& graph = *node_.regions[0].graph;
    const std::size_t carried = graph.inputs().size() - node_.regions[0].captures - 2;
    const Dim number = Dim::symbol(node_.measures[0]);
    Call call = begin(loop_kernel, {trip_count(), condition(graph)});
    call.measures = node_.measures[0];
    for (std::size_t k = 0; k < carried; ++k) carry(2 + k, k, graph.inputs()[2 + k], graph.outputs()[1 + k]);
    place_captures(0);
    const Operand iteration = lower_.temporary(DType::int64, {});
    placed_[graph.inputs()[0]] = iteration;
    place_collected(carried);
    const bool bounded = node_.measures.size() > 1, reads_iteration = !graph.inputs()[0]->uses.empty() || graph.is_output(graph.inputs()[0]);
    call.bodies.push_back(body([&] {
      if (bounded) builder_.call(at_most(number + Dim(1), node_.measures[1]));
      if (reads_iteration) store(iteration, number);
      lower_nodes_(graph);
      for (std::size_t k = carried; k < node_.outputs.size(); ++k)
        if (node_.out(k)) lower_.copy(row(lower_.out(k), 0, number), place_of(graph.outputs()[1 + k]));
      advance();
    }));
    builder_.call(std::move(call));
    if (bounded) builder_.call(sized(declare_kernel, node_.measures[1], number));
  }

  void scan() {
    const ScanForm form(node_);
    const Graph& graph = *form.body->graph;
    const Dim number = Dim::symbol(node_.measures[0]), trips = lower_.shape(form.carried)[ScanForm::input_axis(node_, 0, lower_.shape(form.carried).size())];
    const auto at = [&](bool reversed) { return reversed ? trips - Dim(1) - number : number; };
    for (std::size_t k = 0; k < form.carried; ++k) carry(k, k, graph.inputs()[k], graph.outputs()[k]);
    place_captures(0);
    for (std::size_t k = 0; k < form.scanned; ++k)
      placed_[graph.inputs()[form.carried + k]] =
          row(lower_.in(form.carried + k), ScanForm::input_axis(node_, k, lower_.shape(form.carried + k).size()), at(ScanForm::input_reversed(node_, k)));
    place_collected(form.carried);
    Call call = begin(loop_kernel, {size(trips), flag(true)});
    call.measures = node_.measures[0];
    call.bodies.push_back(body([&] {
      lower_nodes_(graph);
      for (std::size_t k = 0; k < form.collected; ++k)
        if (node_.out(form.carried + k))
          lower_.copy(row(lower_.out(form.carried + k), ScanForm::output_axis(node_, k, lower_.out_type(form.carried + k).shape.size()),
                          at(ScanForm::output_reversed(node_, k))),
                      place_of(graph.outputs()[form.carried + k]));
      advance();
    }));
    builder_.call(std::move(call));
  }

 private:
  // A value that lives from one iteration to the next, and what the body leaves for it.
  struct State {
    Operand place;
    const Value* next;
  };

  [[nodiscard]] std::vector<std::string> origins() const { return node_.origins.empty() ? std::vector{address(node_)} : node_.origins; }
  [[nodiscard]] Call begin(std::string_view kernel, std::vector<Arg> args) const {
    Call call{.kernel = std::string(kernel), .args = std::move(args)};
    call.nodes = origins();
    return call;
  }
  [[nodiscard]] Call sized(std::string_view kernel, const std::string& symbol, const Dim& value) const {
    Call call = begin(kernel, {size(value)});
    call.measures = symbol;
    return call;
  }
  // Stops where a size that the loop finds out would exceed its limit.
  [[nodiscard]] Call at_most(const Dim& value, const std::string& symbol) const {
    return begin(require_kernel, {size(*lower_.symbols().find(symbol)->limit - value)});
  }
  [[nodiscard]] Arg trip_count() {
    if (control::first_capture(node_, 0) == 0 || !node_.in(0)) return integer(INT64_MAX);
    return read(lower_.in(0));
  }
  // The calls that `lower` makes, apart from those around.
  std::vector<Call> body(const std::function<void()>& lower) {
    std::vector<Call> calls;
    std::swap(calls, builder_.calls());
    lower();
    std::swap(calls, builder_.calls());
    return calls;
  }
  void branch(std::size_t r) {
    const Graph& graph = *node_.regions[r].graph;
    place_captures(r);
    lower_nodes_(graph);
    for (std::size_t k = 0; k < node_.outputs.size(); ++k) {
      const Value* result = graph.outputs()[k];
      for (std::size_t d = 0; node_.outputs[k] && d < result->type->shape.size(); ++d)
        if (const std::string symbol(node_.outputs[k]->type->shape[d].as_symbol()); std::count(node_.measures.begin(), node_.measures.end(), symbol) != 0)
          builder_.call(sized(assign_kernel, symbol, result->type->shape[d]));
    }
    for (std::size_t k = 0; k < node_.outputs.size(); ++k)
      if (node_.outputs[k]) lower_.copy(in_branch(lower_.out(k), *graph.outputs()[k]), place_of(graph.outputs()[k]));
  }
  void place_captures(std::size_t r) {
    const Region& region = node_.regions[r];
    const auto& inputs = region.graph->inputs();
    const std::size_t first = control::first_capture(node_, r);
    for (std::size_t k = 0; k < region.captures; ++k)
      if (node_.in(first + k)) placed_[inputs[inputs.size() - region.captures + k]] = lower_.in(first + k);
  }
  Operand place_of(const Value* v) {
    const auto at = placed_.find(v);
    return at != placed_.end() ? at->second : builder_.weight(*v->constant, v->name);
  }

  // The part of an output that a branch writes: of the sizes that are the branch's.
  static Operand in_branch(Operand place, const Value& result) {
    const bool dense = is_dense(place);
    place.shape = result.type->shape;
    if (dense) place.strides = dense_strides(place.shape);
    return place;
  }
  static bool holds(const Value* v) {
    return v && v->constant && v->constant->dtype() == DType::boolean && v->constant->size() == 1 && v->constant->as<bool>()[0];
  }
  // The condition of the next iteration; one that holds in all of them needs no place.
  Arg condition(const Graph& graph) {
    Value* const formal = graph.inputs()[1];
    const Value *next = graph.outputs()[0], *first = control::first_capture(node_, 0) > 1 ? node_.in(1) : nullptr;
    const bool stays = next == formal, always = (!first || holds(first)) && (stays || holds(next));
    if (!first || always) {
      Tensor yes(DType::boolean, {});
      yes.as<bool>()[0] = true;
      placed_[formal] = lower_.weight(std::move(yes));
    } else {
      placed_[formal] = one(lower_.in(1));
    }
    if (always) return flag(true);
    if (stays) return read(placed_[formal]);
    const Operand place = lower_.temporary(DType::boolean, {});
    lower_.copy(place, placed_[formal]);
    placed_[formal] = place;
    state_.push_back({place, next});
    return read(place);
  }
  // The one element of an operand as a scalar.
  static Operand one(const Operand& v) { return {v.buffer, v.dtype, v.offset, {}, {}}; }
  void carry(std::size_t operand, std::size_t output, Value* formal, const Value* next) {
    const Operand place = node_.out(output) ? lower_.out(output) : lower_.temporary(formal->type->dtype, formal->type->shape);
    lower_.copy(place, lower_.in(operand));
    placed_[formal] = place;
    state_.push_back({place, next});
  }
  // Before the loop, so that all of its iterations write the same place.
  void place_collected(std::size_t first) {
    for (std::size_t k = first; k < node_.outputs.size(); ++k)
      if (node_.out(k)) static_cast<void>(lower_.out(k));
  }
  void store(const Operand& place, const Dim& value) {
    const HostKernel kernel = [](const HostFrame& f) {
      const Operand& to = std::get<PointerArg>((*f.args)[0]).operand;
      *reinterpret_cast<std::int64_t*>(f.address(to)) = evaluate(std::get<SizesArg>((*f.args)[1]).sizes[0], *f.symbols);
      return Fault::none;
    };
    lower_.reference("ref::sizes", "kernels/ref/sizes.hpp", kernel, {write(place), SizesArg{{value}}});
  }
  // Slice `at` along an axis, without that axis.
  static Operand row(Operand v, std::size_t axis, const Dim& at) {
    const auto a = static_cast<std::ptrdiff_t>(axis);
    v.offset = v.offset + at * v.strides[axis];
    v.shape.erase(v.shape.begin() + a);
    v.strides.erase(v.strides.begin() + a);
    return v;
  }
  // New values take the old ones' places at the end; those that lie in such places themselves are put aside before.
  void advance() {
    std::vector<Operand> next;
    for (const State& s : state_) {
      Operand from = s.place.rank() == 0 ? one(place_of(s.next)) : place_of(s.next);
      const bool old = std::any_of(state_.begin(), state_.end(), [&](const State& t) { return t.place.buffer == from.buffer; });
      if (old && !(from == s.place)) {
        const Operand aside = lower_.temporary(from.dtype, from.shape);
        lower_.copy(aside, from);
        from = aside;
      }
      next.push_back(from);
    }
    for (std::size_t k = 0; k < state_.size(); ++k) lower_.copy(same_shape(state_[k].place, next[k]), next[k]);
  }
  // The sizes that the graph forces to be equal, under one name.
  static Operand same_shape(Operand to, const Operand& from) {
    to.shape = from.shape;
    return to;
  }

  const Node& node_;
  Builder& builder_;
  Lower::Placement& placed_;
  const LowerNodes& lower_nodes_;
  Lower lower_;
  std::vector<State> state_;
};

}  // namespace

void lower_control(const Node& node, Builder& builder, Lower::Placement& placed, bool allow_fast, const LowerNodes& lower_nodes) {
  Control control(node, builder, placed, allow_fast, lower_nodes);
  if (node.is("If")) control.branches();
  else if (node.is("Loop")) control.loop();
  else control.scan();
}

}  // namespace inferc
