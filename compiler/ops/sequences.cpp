#include "compiler/ops/sequences.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/copy_region.hpp"
#include "compiler/ops/evaluate_control.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/ops/sequence_control.hpp"

namespace inferc {
namespace {

constexpr std::int64_t most_elements = 1024;  // of a tensor that is split: more of them stay rows

bool is_rows(const Node& n) { return n.is("SequenceRows", "inferc"); }

std::optional<std::vector<std::int64_t>> known_integers(const Value* v) {
  const auto t = content::known_tensor(v);
  if (t && t->dtype() == DType::int64) return std::vector<std::int64_t>(t->as<std::int64_t>().begin(), t->as<std::int64_t>().end());
  if (t && t->dtype() == DType::int32) return std::vector<std::int64_t>(t->as<std::int32_t>().begin(), t->as<std::int32_t>().end());
  return std::nullopt;
}

// One node of ONNX that makes or reads sequences.
class Resolver {
 public:
  Resolver(Graph& graph, Node* node, Diagnostics& diagnostics) : graph_(graph), node_(node), diagnostics_(diagnostics) {}

  std::vector<Node*> run() {
    if (!graph_.is_read(*node_)) graph_.erase(node_);
    else if (!is_complete()) fail("an input, its one output or its body is missing", "the operators of sequences have their inputs as ONNX defines them");
    else if (has_more()) fail("it has too many inputs", "");
    else if (const std::string wrong = wrong_attribute(); !wrong.empty()) fail(wrong, "");
    else if (node_->is("SequenceEmpty")) become_sequence({});
    else if (node_->is("SplitToSequence")) split();
    else if (node_->is("SequenceInsert") || node_->is("SequenceErase")) edit(node_->is("SequenceInsert"));
    else if (node_->is("SequenceAt")) pick();
    else if (node_->is("SequenceLength")) count();
    else if (node_->is("ConcatFromSequence")) join();
    else if (node_->is("SequenceMap")) map();
    else if (node_->is("Identity")) replace(node_->in(0));
    return std::move(made_);
  }

 private:
  void fail(const std::string& reason, std::string help) { diagnostics_.error(address(*node_) + ": " + reason, std::move(help)); }

  [[nodiscard]] std::size_t needed() const { return node_->is("SequenceEmpty") ? 0 : node_->is("SequenceInsert") || node_->is("SequenceAt") ? 2 : 1; }
  [[nodiscard]] bool has_more() const {
    const bool one_more = node_->is("SplitToSequence") || node_->is("SequenceInsert") || node_->is("SequenceErase");
    return !node_->is("SequenceMap") && node_->inputs.size() > needed() + (one_more ? 1 : 0);
  }
  [[nodiscard]] bool is_complete() const {
    for (std::size_t i = 0; i < needed(); ++i)
      if (!node_->in(i)) return false;
    return node_->is("SequenceMap") ? !node_->regions.empty() : node_->out() != nullptr;
  }

  // What is wrong with the attributes, which all are integers.
  [[nodiscard]] std::string wrong_attribute() const {
    constexpr std::string_view numbers[] = {"axis", "dtype"}, flags[] = {"keepdims", "new_axis"};
    const auto has = [](const auto& names, std::string_view name) { return std::find(std::begin(names), std::end(names), name) != std::end(names); };
    for (const auto& [key, value] : node_->attributes) {
      const auto* number = std::get_if<std::int64_t>(&value);
      if (!has(numbers, key) && !has(flags, key)) return fmt::format("attribute '{}' is not known", escape(key));
      if (!number) return fmt::format("attribute '{}' has the wrong type", key);
      if (has(flags, key) && *number != 0 && *number != 1) return fmt::format("attribute '{}' is {}, it must be 0 or 1", key, *number);
    }
    return node_->is("ConcatFromSequence") && !node_->attributes.contains("axis") ? "attribute 'axis' is missing" : std::string();
  }

  // --- nodes in place of this one
  Node* add(std::string op, std::vector<Value*> inputs, Attributes attributes = {}, std::size_t outputs = 1) {
    Node* n = graph_.add_for(*node_, std::move(op), std::move(inputs), outputs, std::move(attributes));
    if (!makes_sequence(*n)) made_.push_back(n);
    return n;
  }
  Value* make(std::string op, std::vector<Value*> inputs, Attributes attributes = {}) {
    return add(std::move(op), std::move(inputs), std::move(attributes))->out();
  }
  Value* integers(std::vector<std::int64_t> values) { return graph_.add_constant(tensor_of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values)); }
  Value* sizes(Value* v, std::int64_t begin, std::int64_t end) { return make("Shape", {v}, {{"start", begin}, {"end", end}}); }
  Value* unsqueezed(Value* v, std::int64_t axis) { return make("Unsqueeze", {v, integers({axis})}); }
  void replace(Value* v) {
    if (v->name.empty()) v->name = node_->out()->name;
    graph_.replace_uses(node_->out(), v);
    graph_.erase(node_);
  }
  void become_sequence(std::vector<Value*> elements) { replace(add("SequenceConstruct", std::move(elements))->out()); }
  void become_rows(Value* stacked) {
    Node* rows = graph_.add_for(*node_, "SequenceRows", {stacked}, 1);
    rows->domain = "inferc";
    replace(rows->out());
  }

  // --- what is known of input 0
  [[nodiscard]] const Node* source() const { return is_sequence(node_->in(0)) ? node_->in(0)->producer : nullptr; }
  [[nodiscard]] const std::vector<Value*>* elements() const { return source() && source()->is("SequenceConstruct") ? &source()->inputs : nullptr; }
  [[nodiscard]] Value* rows() const { return source() && is_rows(*source()) ? source()->in(0) : nullptr; }

  // The position that input `i` gives, counted from the front, of `count` that there are.
  std::optional<std::size_t> position(std::size_t i, std::size_t count) {
    const auto known = known_integers(node_->in(i));
    if (!known || known->size() != 1)
      return fail("its position is not known before run time", "elements whose position is found at run time must have one shape, and are read only"),
             std::nullopt;
    const auto n = static_cast<std::int64_t>(count), at = (*known)[0] < 0 ? (*known)[0] + n : (*known)[0];
    if (at < 0 || at >= n)
      return fail(fmt::format("position {} of {} is out of range", (*known)[0], n), "positions are counted from 0, negative ones from the end"), std::nullopt;
    return static_cast<std::size_t>(at);
  }

  void edit(bool insert) {
    const auto* have = elements();
    if (!have) return fail("its sequence has no fixed length", "a sequence of unknown length is read only; a loop may append to one that it carries");
    std::vector<Value*> out = *have;
    const std::size_t at = insert ? 2 : 1;
    std::size_t where = insert ? out.size() : out.size() - 1;
    if (!insert && out.empty()) return fail("its sequence is empty", "");
    if (node_->in(at)) {
      // In front of the last of k elements is position k - 1 or -1; behind it is k.
      const auto known = known_integers(node_->in(at));
      const bool behind = insert && known && known->size() == 1 && (*known)[0] == static_cast<std::int64_t>(out.size());
      if (const auto p = behind ? std::optional(out.size()) : position(at, out.size())) where = *p;
      else return;
    }
    if (insert) out.insert(out.begin() + static_cast<std::ptrdiff_t>(where), node_->in(1));
    else out.erase(out.begin() + static_cast<std::ptrdiff_t>(where));
    become_sequence(std::move(out));
  }

  [[nodiscard]] static bool have_one_type(const std::vector<Value*>& elements) {
    return !elements.empty() && std::all_of(elements.begin(), elements.end(), [&](const Value* v) { return v->type && v->type == elements[0]->type; });
  }
  Value* stacked(const std::vector<Value*>& elements) {
    std::vector<Value*> rows;
    for (Value* v : elements) rows.push_back(unsqueezed(v, 0));
    return make("Concat", std::move(rows), {{"axis", std::int64_t{0}}});
  }
  void pick() {
    const auto* have = elements();
    if (Value* all = rows()) return replace(make("Gather", {all, node_->in(1)}, {{"axis", std::int64_t{0}}}));
    if (have && !known_integers(node_->in(1)) && have_one_type(*have))
      return replace(make("Gather", {stacked(*have), node_->in(1)}, {{"axis", std::int64_t{0}}}));
    if (!have) return unknown();
    if (const auto at = position(1, have->size())) replace((*have)[*at]);
  }
  void count() {
    if (Value* all = rows()) return replace(make("Squeeze", {sizes(all, 0, 1), integers({0})}));
    if (!elements()) return unknown();
    replace(graph_.add_constant(tensor_of<std::int64_t>({}, std::vector<std::int64_t>{static_cast<std::int64_t>(elements()->size())})));
  }
  void unknown() {
    fail("the length of its sequence is not known",
         "sequences are made by SequenceEmpty, SequenceConstruct, SplitToSequence and loops that append; no input of a model is one");
  }

  void join() {
    const std::int64_t axis = node_->attr_int("axis", 0);
    const bool fresh = node_->attr_int("new_axis", 0) != 0;
    if (Value* all = rows()) return join_rows(all, axis, fresh);
    const auto* have = elements();
    if (!have) return unknown();
    if (have->empty()) return fail("its sequence is empty", "a tensor of no elements has no shape");
    std::vector<Value*> parts = *have;
    if (fresh)
      for (Value*& v : parts) v = unsqueezed(v, axis);
    replace(make("Concat", std::move(parts), {{"axis", axis}}));
  }
  // Axis 0 of the rows goes to `axis`; without an axis of its own it is one with the elements' there.
  void join_rows(Value* all, std::int64_t axis, bool fresh) {
    if (!all->type) return fail("the rank of its sequence's elements is not known here", "join them outside of the loop");
    const std::int64_t rank = all->type->rank(), result = fresh ? rank : rank - 1, at = axis < 0 ? axis + result : axis;
    if (at < 0 || at >= result) return fail(fmt::format("axis {} is out of range for rank {}", axis, result), "");
    std::vector<std::int64_t> perm;
    for (std::int64_t d = 1; d < rank; ++d) perm.push_back(d);
    perm.insert(perm.begin() + at, 0);
    Value* moved = make("Transpose", {all}, {{"perm", perm}});
    if (fresh) return replace(moved);
    std::vector<Value*> shape{make("Mul", {sizes(moved, at, at + 1), sizes(moved, at + 1, at + 2)})};
    if (at > 0) shape.insert(shape.begin(), sizes(moved, 0, at));
    if (at + 2 < rank) shape.push_back(sizes(moved, at + 2, rank));
    replace(make("Reshape", {moved, make("Concat", std::move(shape), {{"axis", std::int64_t{0}}})}, {{"allowzero", std::int64_t{1}}}));
  }

  void split() {
    const Value* x = node_->in(0);
    if (!x || !x->type) return;
    const std::int64_t rank = x->type->rank(), given = node_->attr_int("axis", 0), axis = given < 0 ? given + rank : given;
    if (axis < 0 || axis >= rank) return fail(fmt::format("axis {} is out of range for rank {}", given, rank), "");
    const Dim& size = x->type->shape[static_cast<std::size_t>(axis)];
    const bool keeps = node_->in(1) || node_->attr_int("keepdims", 1) != 0;
    if (const auto parts = parts_of(size)) return split_into(*parts, axis, keeps);
    if (diagnostics_.failed()) return;
    std::vector<std::int64_t> perm{axis};
    for (std::int64_t d = 0; d < rank; ++d)
      if (d != axis) perm.push_back(d);
    Value* front = make("Transpose", {node_->in(0)}, {{"perm", perm}});
    become_rows(keeps ? unsqueezed(front, axis + 1) : front);
  }
  // Sizes of the elements; nothing where they are as many rows of size one as there are.
  std::optional<std::vector<std::int64_t>> parts_of(const Dim& size) {
    const auto total = size.constant();
    const Value* split = node_->in(1);
    auto given = split ? known_integers(split) : std::vector<std::int64_t>{1};
    const bool scalar = !split || (split->type ? split->type->rank() == 0 : split->constant && split->constant->rank() == 0);
    if (!given || (scalar && given->size() != 1))
      return fail("the sizes of the parts are not known before run time", "export 'split' as a constant"), std::nullopt;
    if (!scalar) return given;
    const std::int64_t part = (*given)[0];
    if (part <= 0) return fail(fmt::format("a part has the size {}", part), "sizes of parts are positive"), std::nullopt;
    if (part == 1 && (!total || *total > most_elements)) return std::nullopt;
    if (!total) return fail(fmt::format("{} elements are split into parts of {}", size.text(), part), "--dim fixes the size"), std::nullopt;
    std::vector<std::int64_t> out(static_cast<std::size_t>(*total / part), part);
    if (*total % part != 0) out.push_back(*total % part);
    return out;
  }
  void split_into(const std::vector<std::int64_t>& parts, std::int64_t axis, bool keeps) {
    if (parts.empty()) return become_sequence({});
    Node* all = add("Split", {node_->in(0), integers(parts)}, {{"axis", axis}}, parts.size());
    std::vector<Value*> out = all->outputs;
    if (!keeps)
      for (Value*& v : out) v = make("Squeeze", {v, integers({axis})});
    become_sequence(std::move(out));
  }

  // The body once for each element; other inputs are sequences of as many, or tensors that all share.
  void map() {
    const Region& body = node_->regions.at(0);
    const std::size_t own = node_->inputs.size() - body.captures;
    if (!elements() || own == 0 || body.graph->inputs().size() != node_->inputs.size()) return unknown();
    const std::size_t n = elements()->size();
    std::vector<std::vector<Value*>> results(node_->outputs.size());
    for (std::size_t e = 0; e < n; ++e) {
      std::map<const Value*, Value*> actual;
      for (std::size_t i = 0; i < own; ++i) {
        Value* v = node_->in(i);
        if (is_sequence(v) && (!v->producer->is("SequenceConstruct") || v->producer->inputs.size() != n))
          return fail("its sequences have different lengths", "");
        actual[body.graph->inputs()[i]] = is_sequence(v) ? v->producer->inputs[e] : v;
      }
      const std::vector<Value*> one = copy_region(graph_, node_, body, std::move(actual), &made_);
      for (std::size_t k = 0; k < results.size() && k < one.size(); ++k) results[k].push_back(one[k]);
    }
    for (std::size_t k = 0; k < results.size(); ++k)
      if (Value* out = node_->out(k)) graph_.replace_uses(out, add("SequenceConstruct", results[k])->out());
    graph_.erase(node_);
  }

  Graph& graph_;
  Node* node_;
  Diagnostics& diagnostics_;
  std::vector<Node*> made_;
};

bool is_of_sequences(const Node& n) {
  constexpr std::string_view ops[] = {"SequenceEmpty", "SplitToSequence", "SequenceInsert",     "SequenceErase",
                                      "SequenceAt",    "SequenceLength",  "ConcatFromSequence", "SequenceMap"};
  return std::any_of(std::begin(ops), std::end(ops), [&](std::string_view op) { return n.is(op); }) || (n.is("Identity") && is_sequence(n.in(0)));
}

std::string reader_of(const Graph& graph, const Value* v) {
  for (const Use& u : v->uses) return address(*u.node);
  return graph.is_output(v) ? fmt::format("output '{}'", escape(v->name)) : std::string();
}

}  // namespace

bool makes_sequence(const Node& n) { return n.is("SequenceConstruct") || is_rows(n); }
bool is_sequence(const Value* v) {
  return v && v->producer && makes_sequence(*v->producer) &&
         std::none_of(v->producer->inputs.begin(), v->producer->inputs.end(), [](const Value* e) { return e == nullptr; });
}

std::vector<Node*> without_sequences(Graph& graph, Node* node, Diagnostics& diagnostics) {
  if (makes_sequence(*node)) return {};
  if (is_control(*node)) return control_without_sequences(graph, node, diagnostics);
  if (!is_of_sequences(*node)) return {node};
  std::vector<Node*> out;
  for (Node* n : Resolver(graph, node, diagnostics).run())
    for (Node* m : without_sequences(graph, n, diagnostics)) out.push_back(m);
  return out;
}

void finish_sequences(Graph& graph, Diagnostics& diagnostics) {
  std::vector<Node*> nodes = graph.nodes();
  for (auto n = nodes.rbegin(); n != nodes.rend(); ++n) {
    for (Region& r : (*n)->regions) finish_sequences(*r.graph, diagnostics);
    if (!makes_sequence(**n)) continue;
    if (!graph.is_read(**n)) graph.erase(*n);
    else if (!diagnostics.failed())
      diagnostics.error(fmt::format("{}: {} reads its sequence", address(**n), reader_of(graph, (*n)->out())),
                        "a sequence is no result of a model or of a branch: give its tensors, or ConcatFromSequence of them");
  }
}

}  // namespace inferc
