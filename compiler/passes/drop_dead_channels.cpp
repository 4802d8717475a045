#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <vector>

#include "compiler/ops/fused.hpp"
#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace drop_dead_channels_detail {
namespace {

constexpr std::size_t panel = 16;  // columns that a kernel computes together: fewer are not less work

// A layer with constant weights: a product of matrices, or a convolution of one group.
bool is_layer(const Node& n) {
  if (!(n.is("MatMul") || n.is("Conv")) || !n.regions.empty() || n.outputs.size() != 1 || !n.out()->type || n.out()->type->dtype != DType::float32)
    return false;
  const Value* w = n.in(1);
  if (!w->is_constant() || n.in(0)->is_constant()) return false;
  return n.is("MatMul") ? w->constant->rank() == 2 && n.in(0)->type->rank() >= 2 : n.attr_int("group", 1) == 1 && (!n.in(2) || n.in(2)->is_constant());
}

// Weights as [channels in, taps, channels out] by strides; taps are one for a product.
struct Weights {
  explicit Weights(const Node& n) : tensor(*n.in(1)->constant), convolution(n.is("Conv")) {}
  const Tensor tensor;
  const bool convolution;

  [[nodiscard]] std::size_t axis(bool out) const { return convolution == out ? 0 : 1; }
  [[nodiscard]] std::size_t channels(bool out) const { return static_cast<std::size_t>(tensor.shape()[axis(out)]); }
  [[nodiscard]] std::size_t taps() const { return tensor.size() / std::max<std::size_t>(1, channels(true) * channels(false)); }
  [[nodiscard]] float at(std::size_t in, std::size_t tap, std::size_t out) const {
    return tensor.as<float>()[((convolution ? out : in) * channels(!convolution) + (convolution ? in : out)) * taps() + tap];
  }
  [[nodiscard]] bool has_any(bool out, std::size_t channel) const {
    for (std::size_t other = 0; other < channels(!out); ++other)
      for (std::size_t t = 0; t < taps(); ++t)
        if ((out ? at(other, t, channel) : at(channel, t, other)) != 0) return true;
    return false;
  }
};

std::size_t channel_axis(const Value* v, bool convolution) { return convolution ? 1 : v->type->shape.size() - 1; }

// The elements of `t` along `axis` that are kept.
Tensor picked(const Tensor& t, std::size_t axis, const std::vector<std::size_t>& kept) {
  std::vector<std::int64_t> shape = t.shape();
  std::size_t outer = 1, inner = byte_size(t.dtype());
  for (std::size_t d = 0; d < shape.size(); ++d) (d < axis ? outer : inner) *= d == axis ? 1 : static_cast<std::size_t>(shape[d]);
  const auto whole = static_cast<std::size_t>(shape[axis]);
  shape[axis] = std::ssize(kept);
  Tensor out(t.dtype(), shape);
  for (std::size_t o = 0; o < outer; ++o)
    for (std::size_t k = 0; k < kept.size(); ++k)
      std::copy_n(t.bytes().data() + (o * whole + kept[k]) * inner, inner, out.bytes().data() + (o * kept.size() + k) * inner);
  return out;
}

// Two layers, and what happens to each channel between them.
struct Link {
  Node *first, *second;
  std::vector<Node*> between;
};

bool is_pool(const Node& n) { return n.is("MaxPool") && n.outputs.size() == 1; }

// The axis of a constant that has an element for each channel of the result, or nothing; a number has none.
std::optional<std::size_t> axis_of(const Value* constant, const Value* result, bool convolution) {
  const Tensor& t = *constant->constant;
  const std::size_t behind = result->type->shape.size() - 1 - channel_axis(result, convolution);
  if (t.rank() <= behind || t.shape()[t.rank() - 1 - behind] != static_cast<std::int64_t>(t.size())) return std::nullopt;
  return t.rank() - 1 - behind;
}

// The one operand through which a node handles each channel for itself, or null.
Value* channelwise(const Node& n, bool convolution) {
  if (is_pool(n)) return convolution ? n.in(0) : nullptr;
  if (!is_elementwise(n)) return nullptr;
  Value* out = nullptr;
  for (Value* v : n.inputs) {
    if (!v) continue;
    if (v->is_constant() && (v->constant->size() == 1 || axis_of(v, n.out(), convolution))) continue;
    if (v->is_constant() || out || !(v->type->shape == n.out()->type->shape)) return nullptr;
    out = v;
  }
  return out;
}

std::optional<Link> link_to(const Graph& graph, Node* second) {
  const bool convolution = second->is("Conv");
  std::vector<Node*> between;
  const Node* reader = second;
  for (Value* v = second->in(0); v && v->producer && graph.only_user(v) == reader;) {
    Node* n = v->producer;
    if (is_layer(*n)) {
      std::reverse(between.begin(), between.end());
      return n->is("Conv") == convolution ? std::optional(Link{n, second, std::move(between)}) : std::nullopt;
    }
    between.push_back(n);
    reader = n;
    v = channelwise(*n, convolution);
  }
  return std::nullopt;
}

// What the second layer reads of each channel of the first that has no weights. A largest-of of equal elements is one of them.
std::optional<Tensor> constants_of(const Link& link, const Weights& w) {
  std::vector<std::int64_t> shape(link.first->out()->type->shape.size(), 1);
  shape[channel_axis(link.first->out(), w.convolution)] = static_cast<std::int64_t>(w.channels(true));
  Tensor v(DType::float32, shape);
  if (w.convolution && link.first->in(2)) v = link.first->in(2)->constant->reshaped(shape);
  try {
    for (const Node* n : link.between) {
      if (is_pool(*n)) continue;
      std::vector<const Tensor*> inputs;
      for (const Value* in : n->inputs) inputs.push_back(in && in->is_constant() ? &*in->constant : in ? &v : nullptr);
      v = evaluate_node(*n, inputs)[0];
    }
  } catch (const UserError&) {
    return std::nullopt;
  }
  return v.size() == w.channels(true) && v.dtype() == DType::float32 ? std::optional(v) : std::nullopt;
}

bool has_padding(const Node& n) {
  const auto pads = n.attr("pads", std::vector<std::int64_t>{});
  const std::string automatic = n.attr("auto_pad", std::string("NOTSET"));
  return (automatic != "NOTSET" && automatic != "VALID") || std::any_of(pads.begin(), pads.end(), [](std::int64_t p) { return p != 0; });
}

// Channels between the layers that are read and differ from case to case, in order, and as many others as fill the last panel.
std::vector<std::size_t> kept_channels(const Link& link, const Weights& in, const Weights& out, const Tensor& constants) {
  std::vector<std::size_t> live, dead;
  const bool padded = has_padding(*link.second);
  for (std::size_t c = 0; c < in.channels(true); ++c) {
    const float v = constants.as<float>()[c];
    const bool constant = !in.has_any(true, c) && std::isfinite(v) && (!padded || v == 0);
    (constant || !out.has_any(false, c) ? dead : live).push_back(c);
  }
  const std::size_t whole = std::max<std::size_t>(1, (live.size() + panel - 1) / panel) * panel;
  for (std::size_t k = 0; live.size() < whole && k < dead.size(); ++k) live.push_back(dead[k]);
  std::sort(live.begin(), live.end());
  return live;
}

// What the channels that are dropped bring to each sum of the second layer.
Tensor brought(const Weights& in, const Weights& out, const Tensor& constants, const std::vector<std::size_t>& kept) {
  Tensor sums(DType::float32, {static_cast<std::int64_t>(out.channels(true))});
  for (std::size_t o = 0; o < out.channels(true); ++o) {
    double sum = 0;
    for (std::size_t c = 0; c < in.channels(true); ++c)
      for (std::size_t t = 0; t < out.taps() && !in.has_any(true, c) && !std::binary_search(kept.begin(), kept.end(), c); ++t)
        sum += static_cast<double>(constants.as<float>()[c]) * static_cast<double>(out.at(c, t, o));
    sums.as<float>()[o] = static_cast<float>(sum);
  }
  return sums;
}

void keep_channels(Graph& graph, const Link& link, const Weights& in, const std::vector<std::size_t>& kept) {
  const auto pick = [&](Node* n, std::size_t input, std::size_t axis) {
    graph.set_input(n, input, graph.add_constant(picked(*n->in(input)->constant, axis, kept), n->in(input)->name));
  };
  for (Node* n : link.between)
    for (std::size_t i = 0; i < n->inputs.size(); ++i)
      if (const Value* v = n->in(i); v && v->is_constant() && v->constant->size() > 1) pick(n, i, *axis_of(v, n->out(), in.convolution));
  pick(link.first, 1, in.axis(true));
  if (in.convolution && link.first->in(2)) pick(link.first, 2, 0);
  std::vector<Node*> changed{link.first};
  changed.insert(changed.end(), link.between.begin(), link.between.end());
  for (Node* n : changed) n->out()->type->shape[channel_axis(n->out(), in.convolution)] = Dim(std::ssize(kept));
}

// The second layer without the channels, its sums with what they brought.
void rewrite_second(Graph& graph, const Link& link, const Weights& out, const std::vector<std::size_t>& kept, const Tensor& sums) {
  Node* n = link.second;
  const Edit edit(graph, n);
  std::vector<Value*> inputs = n->inputs;
  inputs[1] = graph.add_constant(picked(out.tensor, out.axis(false), kept), n->in(1)->name);
  const bool none = std::all_of(sums.as<float>().begin(), sums.as<float>().end(), [](float v) { return v == 0; });
  Value* more = graph.add_constant(sums);
  if (out.convolution && !none) inputs.resize(3), inputs[2] = inputs[2] ? edit("Add", {inputs[2], more}) : more;
  Value* y = edit.again(*n, std::move(inputs));
  edit.replace_with(out.convolution || none ? y : edit("Add", {y, more}));
}

bool step(Graph& graph, Node* n) {
  const auto link = is_layer(*n) ? link_to(graph, n) : std::nullopt;
  if (!link) return false;
  const Weights in(*link->first), out(*n);
  if (in.channels(true) <= panel || in.channels(true) != out.channels(false)) return false;
  const auto constants = constants_of(*link, in);
  if (!constants) return false;
  const std::vector<std::size_t> kept = kept_channels(*link, in, out, *constants);
  if (kept.size() >= in.channels(true)) return false;
  const Tensor sums = brought(in, out, *constants, kept);
  keep_channels(graph, *link, in, kept);
  rewrite_second(graph, *link, out, kept, sums);
  return true;
}

}  // namespace
}  // namespace drop_dead_channels_detail

// Of two layers of float32, one after the other, the channels between them that nobody reads and those that are constant, as pruning
// leaves them: through activations, scales and shifts for each channel, and largest-of pools. What constant ones bring to each sum is
// added with the bias, in float64 rounded once; again until nothing changes. Keeps whole panels of 16, and what padding would tell from a
// constant. Drops 0 times what may be infinite or NaN.
bool drop_dead_channels(Graph& graph) {
  using namespace drop_dead_channels_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
