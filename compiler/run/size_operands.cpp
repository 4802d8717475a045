#include "compiler/run/size_operands.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/ops/op.hpp"
#include "compiler/run/elements.hpp"

namespace inferc {
namespace {

using Sizes = std::vector<double>;

void set_element(Tensor& t, std::size_t k, double value) {
  switch (t.dtype()) {
    case DType::int64:
      t.as<std::int64_t>()[k] = static_cast<std::int64_t>(value);
      break;
    case DType::int32:
      t.as<std::int32_t>()[k] = static_cast<std::int32_t>(value);
      break;
    case DType::int16:
      t.as<std::int16_t>()[k] = static_cast<std::int16_t>(value);
      break;
    case DType::float64:
      t.as<double>()[k] = value;
      break;
    case DType::float32:
      t.as<float>()[k] = static_cast<float>(value);
      break;
    default:
      break;
  }
}

// Whether its sizes follow from those that the caller gives.
bool is_fixed(const Symbols& symbols, const Value* v) {
  return !v || (v->type && std::none_of(v->type->shape.begin(), v->type->shape.end(), [&](const Dim& d) { return symbols.has_measured(d); }));
}

class Fitter {
 public:
  Fitter(const Node& node, const Graph& graph, std::vector<Tensor>& inputs, const SymbolValues& symbols)
      : node_(node), graph_(graph), inputs_(inputs), symbols_(symbols) {}

  void run() {
    if (node_.outputs.empty() || !node_.out()) return;
    to_ = shape_of(node_.out());
    if (!node_.inputs.empty() && node_.in(0)) from_ = shape_of(node_.in(0));
    if (node_.is("GivenSizes", "inferc")) set(0, given());
    else if (node_.is("ConstantOfShape") || node_.op.ends_with("Window")) set(0, to_);
    else if (node_.is("Reshape") || node_.is("Expand")) set(1, last(to_, count(1)));
    else if (node_.is("AffineGrid")) set(1, grid());
    else if (node_.is("MaxUnpool")) set(2, to_);
    else if (node_.is("CenterCropPad")) set(1, along(to_));
    else if (node_.is("Resize")) set(3, along(to_)), set(2, along(ratios()));
    else if (node_.is("Tile")) set(1, ratios());
    else if (node_.is("Split")) set(1, parts());
    else if (node_.is("TopK") || node_.is("OneHot")) set(1, {to_[from_front(node_.attr_int("axis", -1), static_cast<std::int64_t>(to_.size()))]});
    else if (node_.is("Range")) range();
    else if (node_.is("Slice")) slice();
    else if (node_.is("Pad")) pad();
    else if (node_.op.starts_with("Reduce") || node_.is("Squeeze") || node_.is("Unsqueeze")) axes();
  }

 private:
  // Where operand `i` is an input of the graph, or one as another type.
  [[nodiscard]] Tensor* input(std::size_t i) const {
    const Value* v = node_.in(i);
    while (v && v->producer && (v->producer->is("Cast") || v->producer->is("Identity"))) v = v->producer->in(0);
    const auto at = std::find(graph_.inputs().begin(), graph_.inputs().end(), v);
    return v && at != graph_.inputs().end() ? &inputs_[static_cast<std::size_t>(at - graph_.inputs().begin())] : nullptr;
  }
  void set(std::size_t i, const Sizes& values) {
    Tensor* t = input(i);
    if (!t || t->size() != values.size()) return;
    for (std::size_t k = 0; k < values.size(); ++k) set_element(*t, k, values[k]);
  }
  [[nodiscard]] Sizes shape_of(const Value* v) const {
    Sizes out;
    for (const Dim& d : v->type->shape) out.push_back(static_cast<double>(evaluate(d, symbols_)));
    return out;
  }
  [[nodiscard]] std::size_t count(std::size_t i) const {
    return node_.in(i) && node_.in(i)->type->rank() == 1 ? static_cast<std::size_t>(shape_of(node_.in(i))[0]) : 0;
  }
  static Sizes last(Sizes v, std::size_t n) {
    if (n < v.size()) v.erase(v.begin(), v.end() - static_cast<std::ptrdiff_t>(n));
    return v;
  }
  // Of all dims those of attribute "axes", if there is one.
  [[nodiscard]] Sizes along(const Sizes& all) const {
    if (!node_.attributes.contains("axes")) return all;
    Sizes out;
    for (const std::int64_t a : node_.attr("axes", std::vector<std::int64_t>{})) out.push_back(all[from_front(a, static_cast<std::int64_t>(all.size()))]);
    return out;
  }
  [[nodiscard]] Sizes ratios() const {
    Sizes out;
    for (std::size_t d = 0; d < std::min(from_.size(), to_.size()); ++d) out.push_back(from_[d] == 0 ? 1 : to_[d] / from_[d]);
    return out;
  }
  [[nodiscard]] Sizes given() const {
    Sizes out;
    for (const Dim& d : *node_.out()->content) out.push_back(static_cast<double>(evaluate(d, symbols_)));
    return out;
  }
  [[nodiscard]] Sizes grid() const {
    Sizes out{to_[0], 1};
    out.insert(out.end(), to_.begin() + 1, to_.end() - 1);
    return out;
  }
  [[nodiscard]] Sizes parts() const {
    Sizes out;
    for (const Value* v : node_.outputs)
      if (v) out.push_back(shape_of(v)[from_front(node_.attr_int("axis", 0), v->type->rank())]);
    return out;
  }
  // The elements of a constant operand; nothing where a call gives them.
  [[nodiscard]] std::optional<Sizes> known(std::size_t i) const {
    const Value* v = node_.in(i);
    if (!v || !v->constant) return std::nullopt;
    Sizes out;
    for (std::size_t k = 0; k < v->constant->size(); ++k) out.push_back(element(*v->constant, k));
    return out;
  }
  void range() {
    const double n = to_[0];
    const auto start = known(0), limit = known(1), delta = known(2);
    const double first = start ? (*start)[0] : limit && delta ? (*limit)[0] - n * (*delta)[0] : 0;
    const double step = delta ? (*delta)[0] : limit && n > 0 ? ((*limit)[0] - first) / n : 1;
    set(0, {first});
    set(1, {first + n * step});
    set(2, {step});
  }
  // Windows that begin with the first element; of known ends, such as end there.
  void slice() {
    const std::size_t n = std::max({count(1), count(2), count(3), count(4)});
    const auto starts = known(1), ends = known(2), axes = known(3), steps = known(4);
    Sizes first, behind, which, stride;
    for (std::size_t k = 0; k < n; ++k) {
      which.push_back(axes ? (*axes)[k] : windowed_axis(k, n));
      const double size = to_[from_front(static_cast<std::int64_t>(which[k]), static_cast<std::int64_t>(to_.size()))];
      stride.push_back(steps ? (*steps)[k] : starts && ends && size > 0 ? std::ceil(((*ends)[k] - (*starts)[k]) / size) : 1);
      first.push_back(starts ? (*starts)[k] : ends ? (*ends)[k] - size * stride[k] : 0);
      behind.push_back(first[k] + size * stride[k]);
    }
    set(1, first);
    set(2, behind);
    set(3, which);
    set(4, stride);
  }
  // Of axes that a call gives: those that shrink first.
  [[nodiscard]] double windowed_axis(std::size_t k, std::size_t n) const {
    if (!node_.in(3)) return static_cast<double>(k);
    std::vector<std::size_t> order;
    for (const bool shrinks : {true, false})
      for (std::size_t d = 0; d < to_.size(); ++d)
        if ((to_[d] < from_[d]) == shrinks) order.push_back(d);
    std::sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(std::min(n, order.size())));
    return static_cast<double>(order[k]);
  }
  void pad() {
    const auto axes = known(3);
    const std::size_t n = node_.in(3) ? count(3) : to_.size();
    Sizes pads(2 * n, 0), which;
    for (std::size_t k = 0; k < n; ++k) {
      which.push_back(axes ? (*axes)[k] : static_cast<double>(k));
      const std::size_t d = from_front(static_cast<std::int64_t>(which[k]), static_cast<std::int64_t>(to_.size()));
      pads[n + k] = to_[d] - from_[d];
    }
    set(1, pads);
    set(3, which);
  }
  // The first choice of axes that makes one shape the other.
  void axes() {
    const Sizes& longer = node_.is("Unsqueeze") ? to_ : from_;
    const Sizes& shorter = node_.is("Unsqueeze") ? from_ : to_;
    const std::size_t n = count(1);
    for (std::uint32_t chosen = 0; chosen < 1U << std::min<std::size_t>(longer.size(), 8); ++chosen) {
      Sizes rest, picked;
      bool ones = true;
      for (std::size_t d = 0; d < longer.size(); ++d) {
        const bool in = (chosen >> d & 1U) != 0;
        if (in) picked.push_back(static_cast<double>(d));
        ones = ones && (!in || longer[d] == 1);
        if (!in) rest.push_back(longer[d]);
        else if (shorter.size() == longer.size()) rest.push_back(1);
      }
      const bool reduces = node_.op.starts_with("Reduce");
      if (picked.size() == n && rest == shorter && (reduces || ones)) return set(1, picked);
    }
  }

  const Node& node_;
  const Graph& graph_;
  std::vector<Tensor>& inputs_;
  const SymbolValues& symbols_;
  Sizes from_, to_;
};

}  // namespace

void fit_size_operands(const Graph& graph, std::vector<Tensor>& inputs, const SymbolValues& symbols) {
  const auto fixed = [&](const Value* v) { return is_fixed(graph.symbols(), v); };
  for (const Node* n : graph.nodes())
    if ((n->domain.empty() || n->is("GivenSizes", "inferc")) && std::all_of(n->outputs.begin(), n->outputs.end(), fixed) &&
        std::all_of(n->inputs.begin(), n->inputs.end(), fixed))
      Fitter(*n, graph, inputs, symbols).run();
}

}  // namespace inferc
