#include <cstring>

#include <fmt/format.h>

#include "compiler/ops/evaluate_graph.hpp"
#include "compiler/ops/expansion.hpp"
#include "compiler/ops/halves.hpp"
#include "compiler/ops/op.hpp"
#include "kernels/ref/copy.hpp"

namespace inferc {
namespace {

// One node alone in a graph of constants, its program and the memory of each buffer.
class NodeRun {
 public:
  NodeRun(const Node& node, const std::vector<const Tensor*>& inputs, const SymbolValues& symbols)
      : symbols_(symbols), graph_(node.graph ? std::make_shared<Symbols>(node.graph->symbols()) : std::make_shared<Symbols>()) {
    copy_node(node, inputs);
    infer();
    if (expand()) return;
    place(inputs);
    halves::compute_in_float32(graph_, node_);
    for (const Node* n : graph_.nodes()) lower_node(*n, builder_, placement_, false);
  }
  std::int64_t flops() {
    std::int64_t sum = 0;
    const SymbolValues values = graph_.symbols().at_limits(symbols_);
    for (const Call& c : builder_.calls()) sum += evaluate(c.flops, values);
    return sum;
  }
  std::vector<Tensor> run() {
    if (expanded_) return run_expanded();
    allocate();
    for (const Call& c : builder_.calls()) execute(c);
    std::vector<Tensor> out;
    for (const Value* v : node_->outputs) out.push_back(v ? collect(placement_.at(rounded(v))) : Tensor());
    return out;
  }

 private:
  void copy_node(const Node& node, const std::vector<const Tensor*>& inputs) {
    std::vector<Value*> values;
    for (std::size_t i = 0; i < inputs.size(); ++i) values.push_back(inputs[i] ? graph_.add_constant(*inputs[i]) : nullptr);
    node_ = graph_.add_node(node.op, std::move(values), 0, node.attributes);
    node_->domain = node.domain;
    node_->name = node.name;
    node_->opset = node.opset;
    for (const Value* v : node.outputs) {
      node_->outputs.push_back(v ? graph_.new_value(v->name) : nullptr);
      if (!v) continue;
      node_->outputs.back()->producer = node_;
      // Operators of ours do not infer what they stand for, nor products with the operands of an epilogue.
      if (node.domain == "inferc" || has_epilogue(node)) {
        node_->outputs.back()->type = v->type;
        node_->outputs.back()->content = v->content;
      }
    }
    for (const Region& r : node.regions) node_->regions.push_back({r.name, clone(*r.graph), r.captures});
  }
  static bool has_epilogue(const Node& n) { return !n.regions.empty() && n.regions[0].name == "epilogue"; }
  // The Cast that rounds a result, if there is one.
  static const Value* rounded(const Value* v) { return v->uses.empty() ? v : v->uses[0].node->out(); }
  void infer() {
    Diagnostics diagnostics;
    for (Value* v : node_->inputs) fix_content(v);
    if (has_epilogue(*node_)) return;
    if (!infer_node(*node_, diagnostics)) throw UserError(diagnostics.errors());
  }
  static void fix_content(Value* v) {
    if (v) v->content.reset();
  }
  // The nodes that it stands for, over the same constants.
  bool expand() {
    if (!may_expand(*node_)) return false;
    std::vector<Value*> results;
    for (Value* v : node_->outputs) {
      present_.push_back(v != nullptr);
      if (v) results.push_back(v);
    }
    graph_.set_outputs(results);
    Diagnostics diagnostics;
    expanded_ = expand_node(*node_, diagnostics);
    if (diagnostics.failed()) throw UserError(diagnostics.errors());
    return expanded_;
  }
  std::vector<Tensor> run_expanded() {
    std::vector<Tensor> out, results = evaluate_graph(graph_, {}, symbols_);
    auto next = results.begin();
    for (const bool present : present_) out.push_back(present ? std::move(*next++) : Tensor());
    return out;
  }
  void place(const std::vector<const Tensor*>& inputs) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (!inputs[i]) continue;
      placement_[node_->inputs[i]] = builder_.input(tensors_.size(), {}, *node_->inputs[i]->type);
      tensors_.push_back(*inputs[i]);
    }
  }
  void allocate() {
    for (const Buffer& b : builder_.buffers()) {
      const std::int64_t elements = evaluate(graph_.symbols().at_limits(b.size), symbols_);
      if (b.space == Space::input) memory_.push_back(tensors_[b.index]);
      else if (b.space == Space::weight) memory_.push_back(builder_.weights()[b.index].tensor);
      else memory_.emplace_back(b.dtype, std::vector<std::int64_t>{elements});
    }
  }
  std::byte* address_of(const Operand& v) {
    Tensor& t = memory_[v.buffer.index];
    return t.bytes().data() + static_cast<std::size_t>(evaluate(v.offset, symbols_)) * byte_size(v.dtype);
  }
  void execute(const Call& call) {
    if (!call.host) throw UserError(call.kernel + " cannot run in the compiler");
    std::int64_t measured = 0;
    const HostFrame frame{&call.args, &symbols_, [this](const Operand& v) { return address_of(v); }, &measured};
    stop_on(call.host(frame), address(*node_));
    if (!call.measures.empty()) symbols_[call.measures] = measured;
  }
  Tensor collect(const Operand& v) {
    std::vector<std::int64_t> shape;
    for (const Dim& d : v.shape) shape.push_back(evaluate(d, symbols_));
    Tensor out(v.dtype, shape);
    if (out.size() == 0) return out;
    Operand dense{{static_cast<std::uint32_t>(memory_.size())}, v.dtype, 0, v.shape, dense_strides(v.shape)};
    memory_.push_back(out);
    const Call copy{.kernel = "ref::copy",
                    .header = {},
                    .template_args = {},
                    .args = {write_view(dense), read_view(v)},
                    .host = by_width(v.dtype, []<class T>(std::type_identity<T>) { return host(&ref::copy<T, max_rank>); })};
    execute(copy);
    return out;
  }

  SymbolValues symbols_;
  Graph graph_;
  Node* node_ = nullptr;
  bool expanded_ = false;
  std::vector<bool> present_;  // of its outputs
  Builder builder_;
  Lower::Placement placement_;
  std::vector<Tensor> tensors_, memory_;
};

}  // namespace

std::vector<Tensor> evaluate_node(const Node& node, const std::vector<const Tensor*>& inputs, const SymbolValues& symbols) {
  return NodeRun(node, inputs, symbols).run();
}

std::optional<std::vector<Tensor>> evaluate_node_within(std::int64_t most, const Node& node, const std::vector<const Tensor*>& inputs) {
  NodeRun run(node, inputs, {});
  return run.flops() <= most ? std::optional(run.run()) : std::nullopt;
}

}  // namespace inferc
