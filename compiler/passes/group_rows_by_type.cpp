#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "compiler/ops/fused.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/row_function.hpp"
#include "compiler/passes/row_masks.hpp"
#include "kernels/ref/product_sum.hpp"

namespace inferc {
namespace group_rows_by_type_detail {
namespace {

// A summand that counts in the rows of the mask alone, or in the others.
struct Term {
  RowMask mask;
  Value* of;
  bool negated = false;
};

struct Sum {
  std::vector<Term> terms;
  Value* rest = nullptr;  // a summand that counts in all rows
};

constexpr int deepest = 256;  // of nested sums, and of functions behind a product

bool is_zero(const Value* v) {
  while (v->producer && v->producer->is("Expand")) v = v->producer->in(0);
  const Node* n = v->producer;
  if (n && n->is("ConstantOfShape")) return number_at<float, double>(n->attr("value", Tensor(DType::float32, {1})), 0) == 0.0;
  return scalar_value(v) == 0.0;
}

bool are_exclusive(const std::vector<Term>& terms) {
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (!exclusive(terms[i].mask, terms[j].mask)) return false;
  return true;
}

std::optional<RowMask> negation(const RowMask& m) {
  if (m.conditions.size() != 1) return std::nullopt;
  RowMask out = m;
  out.conditions[0].holds = !m.conditions[0].holds;
  return out;
}

// Takes additions in any order, products with masks and choices by them apart. Inner values must be read there alone.
class SumReader {
 public:
  SumReader(const Graph& graph, const Shape& shape) : graph_(graph), shape_(shape) {}

  // The summands of the value that a node gives; nothing where two of them may count in one row.
  std::optional<Sum> read(Value* root) {
    if (!add(root, 0) || sum_.terms.size() < 2 || !are_exclusive(sum_.terms)) return std::nullopt;
    return std::move(sum_);
  }

 private:
  [[nodiscard]] bool is_whole(const Value* v) const { return v->type->shape == shape_; }
  [[nodiscard]] std::optional<RowMask> mask(Value* v) const {
    const Shape& own = v->type->shape;
    const bool along = own.size() == shape_.size() && own.back().is(1) && std::equal(own.begin(), own.end() - 1, shape_.begin());
    return along ? row_mask({v, 0, 1}) : std::nullopt;
  }

  bool add(Value* v, int depth) {
    const Node* n = depth < deepest ? v->producer : nullptr;
    if (n && n->regions.empty() && is_whole(v) && (depth == 0 || graph_.only_user(v))) {
      if (n->is("Add") || n->is("Sum")) {
        const bool whole = std::all_of(n->inputs.begin(), n->inputs.end(), [&](const Value* x) { return is_whole(x); });
        if (whole) return std::all_of(n->inputs.begin(), n->inputs.end(), [&](Value* x) { return add(x, depth + 1); });
      }
      if (n->is("Mul") && (add_product(n->in(0), n->in(1)) || add_product(n->in(1), n->in(0)))) return true;
      if (n->is("Where") && add_choice(*n, depth)) return true;
    }
    if (sum_.rest) return false;
    sum_.rest = v;
    return true;
  }

  bool add_product(Value* of, Value* factor) {
    const auto m = is_whole(of) ? mask(factor) : std::nullopt;
    if (m) sum_.terms.push_back({*m, of});
    return m.has_value();
  }

  // Where the mask, the one side, else the other: zero, a sum of what counts elsewhere, or one more term.
  bool add_choice(const Node& n, int depth) {
    const auto m = mask(n.in(0));
    const auto other = m ? negation(*m) : std::nullopt;
    Value *yes = n.in(1), *no = n.in(2);
    if (m && is_zero(no) && is_whole(yes)) return sum_.terms.push_back({*m, yes}), true;
    if (other && is_zero(yes) && is_whole(no)) return sum_.terms.push_back({*other, no, true}), true;
    if (!m || !is_whole(yes) || !is_whole(no)) return false;
    Sum before = sum_;
    sum_.rest = nullptr;
    if (add(no, depth + 1) && !sum_.rest && is_apart(*m, before.terms.size())) {
      sum_.rest = before.rest;
      return sum_.terms.push_back({*m, yes}), true;
    }
    sum_ = std::move(before);
    if (other) sum_.terms.insert(sum_.terms.end(), {{*m, yes}, {*other, no, true}});
    return other.has_value();
  }
  [[nodiscard]] bool is_apart(const RowMask& m, std::size_t first) const {
    return std::all_of(sum_.terms.begin() + static_cast<std::ptrdiff_t>(first), sum_.terms.end(), [&](const Term& t) { return exclusive(t.mask, m); });
  }

  const Graph& graph_;
  const Shape& shape_;
  Sum sum_;
};

// Columns [first, first + count) of each row of a value that one product with constant weights gives, and what follows it element
// by element: by the same columns of the weights. Null for other values, for those that are read elsewhere, and where the product
// of fewer columns would add in another order.
class ColumnsOf {
 public:
  ColumnsOf(Graph& graph, const Edit& edit, Shape rows, std::int64_t width, std::int64_t first, std::int64_t count)
      : graph_(graph), edit_(edit), rows_(std::move(rows)), width_(width), first_(first), count_(count) {}

  Value* operator()(Value* v, int depth = 0) const {
    const Node* n = depth < deepest ? v->producer : nullptr;
    if (!n || !n->regions.empty() || !graph_.only_user(v) || width_of(v) != width_) return nullptr;
    if (n->is("View", "inferc")) return (*this)(n->in(0), depth + 1);
    if (n->is("MatMul")) return product(*n);
    return is_elementwise(*n) && n->domain.empty() && !n->attributes.contains("axis") ? elementwise(*n, depth) : nullptr;
  }

 private:
  [[nodiscard]] std::optional<std::int64_t> width_of(const Value* v) const {
    const auto rows = leading_rows(v->type->shape, inferc::product(rows_));
    return rows ? inferc::product({v->type->shape.begin() + static_cast<std::ptrdiff_t>(*rows), v->type->shape.end()}).constant() : std::nullopt;
  }
  [[nodiscard]] Shape shape(std::int64_t width) const {
    Shape out = rows_;
    out.emplace_back(width);
    return out;
  }
  [[nodiscard]] Value* integers(std::int64_t v) const { return graph_.add_constant(tensor_of<std::int64_t>({1}, std::span(&v, 1))); }
  [[nodiscard]] Value* columns(Value* constant, std::int64_t axis) const {
    return edit_("Slice", {constant, integers(first_), integers(first_ + count_), integers(axis)});
  }

  [[nodiscard]] Value* product(const Node& n) const {
    Value* w = n.in(1);
    const auto block = [](std::int64_t columns) { return ref::product_block(static_cast<std::size_t>(columns)); };
    const bool fits = w->is_constant() && w->constant->rank() == 2 && w->constant->shape()[1] == width_;
    return fits && block(width_) == block(count_) ? named(edit_.view(edit_("MatMul", {n.in(0), columns(w, 1)}), shape(count_)), n) : nullptr;
  }
  [[nodiscard]] Value* elementwise(const Node& n, int depth) const {
    std::vector<Value*> operands;
    for (Value* v : n.inputs) {
      operands.push_back(v ? operand(v, tail_rank(n.out()), depth) : nullptr);
      if (v && !operands.back()) return nullptr;
    }
    return named(edit_(n.op, std::move(operands), n.attributes), n);
  }
  [[nodiscard]] std::size_t tail_rank(const Value* v) const { return v->type->shape.size() - *leading_rows(v->type->shape, inferc::product(rows_)); }
  [[nodiscard]] Value* operand(Value* v, std::size_t rank, int depth) const {
    if (!v->is_constant()) return width_of(v) == 1 ? edit_.view(v, shape(1)) : (*this)(v, depth + 1);
    const auto size = static_cast<std::int64_t>(v->constant->size());
    if (size == 1) return edit_.view(v, {});
    return size == width_ && is_the_same_for_rows(*v->constant, rank) ? columns(edit_.view(v, {Dim(width_)}), 0) : nullptr;
  }
  static Value* named(Value* v, const Node& n) {
    if (v->producer) v->producer->name = n.name, v->producer->origins = n.origins;
    return v;
  }

  Graph& graph_;
  const Edit& edit_;
  Shape rows_;
  std::int64_t width_, first_, count_;
};

void give_types(Node& n) {
  Diagnostics problems;
  if (!infer_node(n, problems)) internal_error("rows cannot be grouped: " + (problems.failed() ? problems.errors()[0].message : n.op));
}

// Numbers of rows by mask; once for the same masks.
class RowGroups {
 public:
  explicit RowGroups(Graph& graph) : graph_(graph) {}

  std::vector<Value*> operator()(const std::vector<Term>& terms, const Dim& rows) {
    Key key;
    for (const Term& t : terms) key.emplace_back(t.mask.at.of, t.mask.at.index, t.mask.at.width, t.negated);
    const auto [at, fresh] = known_.try_emplace(std::move(key));
    if (fresh) at->second = made(terms, rows);
    return at->second;
  }

 private:
  using Key = std::vector<std::tuple<const Value*, std::int64_t, std::int64_t, bool>>;

  // The first node behind those that give the masks.
  [[nodiscard]] Node* place(const std::vector<Term>& terms) const {
    const std::vector<Node*> nodes = graph_.nodes();
    std::size_t at = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i)
      if (std::any_of(terms.begin(), terms.end(), [&](const Term& t) { return t.mask.at.of->producer == nodes[i]; })) at = i + 1;
    return nodes[at];
  }

  std::vector<Value*> made(const std::vector<Term>& terms, const Dim& rows) {
    Node* const before = place(terms);
    std::vector<Value*> masks;
    for (const Term& t : terms) masks.push_back(elements(before, t, rows));
    Node* n = graph_.add_node("GroupRows", masks, terms.size(), {}, before);
    n->domain = "inferc";
    for (const Term& t : terms)
      if (const Node* from = t.mask.at.of->producer; from && n->origins.empty()) n->origins = from->origins;
    for (std::size_t k = 0; k < terms.size(); ++k) n->outputs[k]->name = "rows_" + std::to_string(k);
    give_types(*n);
    return n->outputs;
  }
  // The column as a vector.
  Value* elements(Node* before, const Term& t, const Dim& rows) {
    const Edit edit(graph_, before);
    const Column& c = t.mask.at;
    Value* v = edit.view(c.of, {rows, Dim(c.width)});
    if (c.width > 1) v = edit("Slice", {v, index(c.index), index(c.index + 1), index(1)});
    v = edit.view(v, {rows});
    return t.negated ? edit("Not", {v}) : v;
  }
  Value* index(std::int64_t i) { return graph_.add_constant(tensor_of<std::int64_t>({1}, std::span(&i, 1))); }

  Graph& graph_;
  std::map<Key, std::vector<Value*>> known_;
};

class Grouping {
 public:
  explicit Grouping(Graph& graph) : graph_(graph), groups_(graph) {}

  bool operator()(Node* n) {
    if (n->outputs.size() != 1 || !n->regions.empty() || !is_row_value(n->out())) return false;
    if (n->is("ReduceSum")) return sum_over_types(n);
    if (!n->is("Add") && !n->is("Sum") && !n->is("Where")) return false;
    auto sum = SumReader(graph_, n->out()->type->shape).read(n->out());
    return sum && group(n, std::move(*sum));
  }

 private:
  static bool is_row_value(const Value* v) { return v && v->type && is_float(v->type->dtype) && v->type->rank() >= 2 && v->type->shape.back().is_constant(); }

  // The sum over one of the last two axes of what a one-hot selects: values that stand one behind the other on it, or, on the first of
  // the two, parts of one product.
  bool sum_over_types(Node* n) {
    const Node* selected = n->in(0)->producer;
    const auto given = n->in(1) && n->in(1)->is_constant() && n->in(1)->constant->size() == 1 ? n->in(1)->constant->as<std::int64_t>()[0] : 0;
    const Shape& all = n->in(0)->type->shape;
    const std::size_t axis = from_front(given, std::ssize(all));
    if (!selected || all.size() < 3 || axis + 2 < all.size() || graph_.only_user(n->in(0)) != n) return false;
    if (selected->is("Where") && is_zero(selected->in(2))) return sum_over_types(n, axis, selected->in(1), selected->in(0));
    return selected->is("Mul") && (sum_over_types(n, axis, selected->in(0), selected->in(1)) || sum_over_types(n, axis, selected->in(1), selected->in(0)));
  }

  bool sum_over_types(Node* n, std::size_t axis, Value* parts, Value* one_hot) {
    Shape mask = parts->type->shape;
    if (mask.size() < 3 || axis + 2 < mask.size()) return false;
    const std::size_t other = 2 * mask.size() - 3 - axis;
    const std::int64_t types = mask[axis].constant().value_or(0), columns = mask[other].constant().value_or(0);
    mask[other] = 1;
    if (types < 2 || columns < 1 || one_hot->type->shape != mask) return false;
    Sum sum;
    for (std::int64_t t = 0; t < types; ++t) {
      auto m = row_mask({one_hot, t, types});
      if (!m) return false;
      sum.terms.push_back({std::move(*m), nullptr});
    }
    const Shape rows(mask.begin(), mask.end() - 2);
    if (!are_exclusive(sum.terms)) return false;
    const bool found = take_stacked(sum, parts, axis, rows, columns) || (axis + 2 == mask.size() && take_columns(n, sum, parts, rows, columns));
    return found && group(n, std::move(sum));
  }

  // Of Concat: what stands at each place of the axis, but for an axis of size one.
  bool take_stacked(Sum& sum, Value* parts, std::size_t axis, const Shape& rows, std::int64_t columns) const {
    const Node* n = parts->producer;
    if (!n || !n->is("Concat") || !graph_.only_user(parts) || n->inputs.size() != sum.terms.size()) return false;
    if (from_front(n->attr_int("axis", 0), parts->type->rank()) != axis) return false;
    Shape wanted = rows;
    wanted.emplace_back(columns);
    for (std::size_t t = 0; t < n->inputs.size(); ++t) {
      Value* v = n->inputs[t];
      while (v->producer && v->producer->is("View", "inferc") && graph_.only_user(v)) v = v->producer->in(0);
      if (v->type->shape != wanted) return false;
      sum.terms[t].of = v;
    }
    return true;
  }

  bool take_columns(Node* n, Sum& sum, Value* parts, const Shape& rows, std::int64_t columns) {
    const Edit edit(graph_, n);
    const auto types = static_cast<std::int64_t>(sum.terms.size());
    for (std::int64_t t = 0; t < types; ++t) {
      Value*& part = sum.terms[static_cast<std::size_t>(t)].of;
      part = ColumnsOf(graph_, edit, rows, types * columns, t * columns, columns)(parts);
      if (!part) return false;
    }
    return true;
  }

  bool group(Node* n, Sum sum) {
    const Shape shape = sum.terms[0].of->type->shape;
    const Dim rows = product({shape.begin(), shape.end() - 1});
    std::stable_sort(sum.terms.begin(), sum.terms.end(),
                     [](const Term& a, const Term& b) { return std::pair(a.mask.at.of->id, a.mask.at.index) < std::pair(b.mask.at.of->id, b.mask.at.index); });
    std::vector<RowFunction> functions;
    for (const Term& t : sum.terms) functions.emplace_back(graph_, t.of, rows);
    if (!pays(functions, rows, shape.back())) return false;
    const Edit edit(graph_, n);
    const std::vector<Value*> indices = groups_(sum.terms, rows);
    Value* out = zeros(n, {rows, shape.back()});
    for (std::size_t k = 0; k < functions.size(); ++k) {
      const Dim count = indices[k]->type->shape[0];
      Value* y = edit.view(functions[k].on_rows(edit, indices[k]), {count, shape.back()});
      out = edit("ScatterND", {out, edit.view(indices[k], {count, Dim(1)}), y});
    }
    out = edit.view(out, n->out()->type->shape);
    edit.replace_with(sum.rest ? edit("Add", {sum.rest, out}) : out);
    return true;
  }

  // By operations at the upper bounds of the symbols, where each row has the type of most work: to move an element costs 16 of them,
  // to look at a mask 8, a call 5,000.
  [[nodiscard]] bool pays(const std::vector<RowFunction>& functions, const Dim& rows, const Dim& columns) const {
    const auto most_rows = static_cast<double>(graph_.symbols().bounds(rows).upper), width = static_cast<double>(*columns.constant());
    double all = 0, most = 0, calls = 0;
    for (const RowFunction& f : functions) {
      all += f.work() + 16 * width;
      most = std::max(most, f.work() + 16 * f.width());
      calls += static_cast<double>(f.size()) + 4;
    }
    const double moved = 8 * width + 8 * static_cast<double>(functions.size());
    return most_rows * (most + moved) + 5000 * calls <= 0.75 * most_rows * all;
  }

  // Not as a constant, however small: it is written to.
  Value* zeros(Node* before, const Shape& shape) {
    const Edit edit(graph_, before);
    Tensor zero(before->out()->type->dtype, {});
    Node* n = graph_.add_node("Expand", {graph_.add_constant(std::move(zero)), edit.sizes(shape)}, 1, {}, before);
    n->origins = before->origins;
    give_types(*n);
    return n->out();
  }

  Graph& graph_;
  RowGroups groups_;
};

}  // namespace
}  // namespace group_rows_by_type_detail

// A sum of functions of rows, each times a mask, of which at most one is one in each row  ->  each function on the rows of its mask
// alone, put into zeros: heads by particle type, of which one counts (MLPF). Masks: comparisons of one value with different constants,
// columns of a one-hot, a condition and its negation. Sums: products and Where in any order of additions, on an axis of their own that is
// summed over, parts of one product. Fires where the estimated work falls by a quarter at the upper bounds of the symbols, whatever
// types the rows have. Rows of no mask are zero. What is infinite or NaN in a row that the mask leaves out gives 0, no longer NaN;
// the sign of a zero may change; all else keeps its bits.
bool group_rows_by_type(Graph& graph) {
  using namespace group_rows_by_type_detail;
  Grouping grouping(graph);
  // Sums before their parts, which are dead behind them.
  const auto one = [&] {
    graph.erase_dead();
    const std::vector<Node*> nodes = graph.nodes();
    return std::any_of(nodes.rbegin(), nodes.rend(), [&](Node* n) { return graph.is_read(*n) && grouping(n); });
  };
  bool changed = false;
  while (one()) changed = true;
  graph.erase_dead();
  return changed;
}

}  // namespace inferc
