#include <algorithm>
#include <numeric>
#include <optional>

#include "compiler/ops/op.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"

namespace inferc {
namespace split_linear_detail {
namespace {

using Axes = std::vector<std::int64_t>;

// What is done to the rows of a product to bring them where the rows of the whole are; the columns stay last.
struct Step {
  enum class Kind : unsigned char { view, transpose, gather, expand } kind;
  Shape rows;                // view, expand: their shape
  Axes permutation;          // transpose: of the rows
  Value* indices = nullptr;  // gather
  std::int64_t axis = 0;
  bool moves_ones = false;  // view: it only adds or drops axes of size one
  bool operator==(const Step&) const = default;
};

// One summand: leaf, its axes in `order` (the last is summed over), times weights [K, N]; then the steps from the last to the first.
struct Term {
  Value* leaf;
  Axes order;
  Tensor weights;
  std::vector<Step> steps;
  const Node* sum = nullptr;  // that it is one side of
  [[nodiscard]] bool same_place(const Term& t) const { return leaf == t.leaf && order == t.order && steps == t.steps; }
};

Axes identity(std::size_t rank) {
  Axes out(rank);
  std::iota(out.begin(), out.end(), 0);
  return out;
}

std::size_t rank_of(const Value* v) { return v->type->shape.size(); }
const Dim& size_at(const Value* v, std::int64_t axis) { return v->type->shape[static_cast<std::size_t>(axis)]; }

Tensor rows_of(const Tensor& w, std::int64_t first, std::int64_t count) {
  const std::int64_t columns = w.shape()[1];
  return tensor_of<float>({count, columns}, w.as<float>().subspan(static_cast<std::size_t>(first * columns), static_cast<std::size_t>(count * columns)));
}

// a + sign * b, element by element.
Tensor sum(const Tensor& a, float sign, const Tensor& b) {
  Tensor out(DType::float32, a.shape());  // a copy would share its elements with a constant of the graph
  for (std::size_t i = 0; i < out.size(); ++i) out.as<float>()[i] = a.as<float>()[i] + sign * b.as<float>()[i];
  return out;
}
Tensor negated(const Tensor& a) { return sum(Tensor(DType::float32, a.shape()), -1, a); }

// The sizes of the rows of v in the given order.
Shape rows_in(const Value* v, const Axes& order) {
  Shape out;
  for (std::size_t k = 0; k + 1 < order.size(); ++k) out.push_back(size_at(v, order[k]));
  return out;
}

// Estimates of work at the upper bounds of the symbols, in floating-point operations of a product: to move an element costs 16
// of them, to add one to another tensor 8.
class Cost {
 public:
  Cost(const Symbols& symbols, double columns) : symbols_(symbols), columns_(columns) {}
  [[nodiscard]] double elements(const Shape& shape) const {
    double out = 1;
    for (const Dim& d : shape) out *= static_cast<double>(symbols_.bounds(d).upper);
    return out;
  }
  // To put v together from parts, where it is.
  [[nodiscard]] double assembly(const Value* v) const {
    const Node* n = v->producer;
    return n && (n->is("Concat") || n->is("Gather") || n->is("Expand")) ? 16 * elements(v->type->shape) : 0;
  }
  // `rows`: those of the sum.
  [[nodiscard]] double of(const std::vector<Term>& terms, double rows) const {
    double out = 0;
    for (const Term& t : terms) {
      const auto moves =
          std::count_if(t.steps.begin(), t.steps.end(), [](const Step& s) { return s.kind == Step::Kind::gather || s.kind == Step::Kind::expand; });
      out += 2 * elements(t.leaf->type->shape) * columns_ + (16 * static_cast<double>(moves) + 8) * rows * columns_;
    }
    return out;
  }

 private:
  const Symbols& symbols_;
  double columns_;
};

// Writes a product with constant weights as a sum over what its operand is made of.
class Splitter {
 public:
  explicit Splitter(const Cost& cost) : cost_(cost) {}

  // The terms of (v with its axes in `order`) W, brought to the rows of the whole by `steps`.
  [[nodiscard]] std::vector<Term> terms(Value* v, const Axes& order, const Tensor& w, const std::vector<Step>& steps) const {
    std::vector<Term> whole{{v, order, w, steps}};
    const Node* n = v->producer;
    if (!n || n->out() != v || !n->regions.empty()) return whole;
    const auto parts = n->is("Transpose")             ? through_transpose(*n, whole[0])
                       : n->is("View", "inferc")      ? through_view(*n, whole[0])
                       : n->is("Concat")              ? through_concat(*n, whole[0])
                       : n->is("Expand")              ? through_expand(*n, whole[0])
                       : n->is("Gather")              ? through_gather(*n, whole[0])
                       : n->is("Add") || n->is("Sub") ? through_sum(*n, whole[0])
                                                      : std::vector<Term>{};
    const double rows = cost_.elements(rows_in(v, order));
    const bool cheaper = !parts.empty() && cost_.of(parts, rows) <= cost_.of(whole, rows) + cost_.assembly(v);
    return cheaper ? parts : whole;
  }

 private:
  std::vector<Term> through_transpose(const Node& n, const Term& t) const {
    const auto permutation = n.attr("perm", Axes{});
    if (permutation.size() != t.order.size()) return {};
    Axes order;
    for (const std::int64_t axis : t.order) order.push_back(permutation[static_cast<std::size_t>(axis)]);
    return terms(n.in(0), order, t.weights, t.steps);
  }

  std::vector<Term> through_view(const Node& n, const Term& t) const {
    if (const auto order = order_without_ones(*n.in(0), *t.leaf, t.order)) {
      std::vector<Step> steps = t.steps;
      steps.push_back({.kind = Step::Kind::view, .rows = rows_in(t.leaf, t.order), .permutation = {}, .moves_ones = true});
      return terms(n.in(0), *order, t.weights, steps);
    }
    const Value* from = n.in(0);
    Shape rows = t.leaf->type->shape;
    const auto column = rows.begin() + t.order.back();
    const bool splits = std::all_of(column + 1, rows.end(), [](const Dim& d) { return d.is(1); });
    if (!splits || rank_of(from) < 2 || !(from->type->shape.back() == *column)) return {};
    rows.erase(column);
    std::vector<Step> steps = in_order(t);
    steps.push_back({Step::Kind::view, std::move(rows), {}});
    return terms(n.in(0), identity(rank_of(from)), t.weights, steps);
  }

  // Where `to` is `from` with other axes of size one: the order of from's axes that `order` is of to's.
  static std::optional<Axes> order_without_ones(const Value& from, const Value& to, const Axes& order) {
    Axes map(rank_of(&to), -1), out;
    std::size_t at = 0;
    for (std::size_t a = 0; a < rank_of(&from); ++a) {
      if (from.type->shape[a].is(1)) {
        out.push_back(static_cast<std::int64_t>(a));
        continue;
      }
      while (at < map.size() && to.type->shape[at].is(1)) ++at;
      if (at == map.size() || !(to.type->shape[at] == from.type->shape[a])) return std::nullopt;
      map[at++] = static_cast<std::int64_t>(a);
    }
    while (at < map.size() && to.type->shape[at].is(1)) ++at;
    if (at != map.size() || map[static_cast<std::size_t>(order.back())] < 0) return std::nullopt;
    for (const std::int64_t axis : order)
      if (map[static_cast<std::size_t>(axis)] >= 0) out.push_back(map[static_cast<std::size_t>(axis)]);
    return out;
  }

  std::vector<Term> through_concat(const Node& n, const Term& t) const {
    if (from_front(n.attr_int("axis", 0), static_cast<std::int64_t>(t.order.size())) != static_cast<std::size_t>(t.order.back())) return {};
    std::vector<Term> out;
    std::int64_t first = 0;
    for (Value* part : n.inputs) {
      const auto count = size_at(part, t.order.back()).constant();
      if (!count) return {};
      append(out, terms(part, t.order, rows_of(t.weights, first, *count), t.steps));
      first += *count;
    }
    return out;
  }

  std::vector<Term> through_expand(const Node& n, const Term& t) const {
    return fits(n.in(0), t) ? terms(n.in(0), t.order, t.weights, widened(n.in(0), t)) : std::vector<Term>{};
  }

  std::vector<Term> through_gather(const Node& n, const Term& t) const {
    Value* table = n.in(0);
    const auto last = static_cast<std::int64_t>(t.order.size()) - 1;
    if (rank_of(table) < 2 || t.order.back() != last) return {};
    const auto axis = from_front(n.attr_int("axis", 0), static_cast<std::int64_t>(rank_of(table)));
    if (axis + 1 == rank_of(table)) return {};
    std::vector<Step> steps = in_order(t);
    steps.push_back({Step::Kind::gather, {}, {}, n.in(1), static_cast<std::int64_t>(axis)});
    return terms(table, identity(rank_of(table)), t.weights, steps);
  }

  std::vector<Term> through_sum(const Node& n, const Term& t) const {
    if (!fits(n.in(0), t) || !fits(n.in(1), t)) return {};
    std::vector<Term> out = terms(n.in(0), t.order, t.weights, widened(n.in(0), t));
    append(out, terms(n.in(1), t.order, n.is("Sub") ? negated(t.weights) : t.weights, widened(n.in(1), t)));
    for (Term& side : out) side.sum = &n;
    return out;
  }

  // Of the whole's rank and columns.
  static bool fits(const Value* v, const Term& t) {
    return v->type->dtype == DType::float32 && rank_of(v) == t.order.size() && size_at(v, t.order.back()) == size_at(t.leaf, t.order.back());
  }

  // The steps where `v`, which broadcasts to the leaf, takes its place. The sum over the terms broadcasts by itself, also behind
  // transposes and one view that moves axes of size one; other views and Gathers need all rows.
  static std::vector<Step> widened(const Value* v, const Term& t) {
    std::vector<Step> out = t.steps;
    const auto transposes = [](const Step& s) { return s.kind == Step::Kind::transpose; };
    if (v->type->shape == t.leaf->type->shape || std::all_of(out.begin(), out.end(), transposes)) return out;
    if (out.back().moves_ones && std::all_of(out.begin(), out.end() - 1, transposes)) narrow(out.back().rows, rows_in(t.leaf, t.order), rows_in(v, t.order));
    else out.push_back({.kind = Step::Kind::expand, .rows = rows_in(t.leaf, t.order), .permutation = {}});
    return out;
  }

  // Sizes `rows`, which are `whole` but for ones, become those of `part`, which broadcasts to `whole`.
  static void narrow(Shape& rows, const Shape& whole, const Shape& part) {
    auto at = rows.begin();
    for (std::size_t k = 0; k < whole.size(); ++k) {
      if (whole[k].is(1)) continue;
      at = std::find_if(at, rows.end(), [](const Dim& d) { return !d.is(1); });
      *at++ = part[k];
    }
  }

  // The steps from rows in the order of the leaf's axes.
  static std::vector<Step> in_order(const Term& t) {
    std::vector<Step> out = t.steps;
    Axes rows(t.order.begin(), t.order.end() - 1);
    for (std::int64_t& axis : rows) axis -= axis > t.order.back() ? 1 : 0;
    if (!std::is_sorted(rows.begin(), rows.end())) out.push_back({Step::Kind::transpose, {}, std::move(rows)});
    return out;
  }

  static void append(std::vector<Term>& out, std::vector<Term> more) {
    for (Term& t : more) {
      const auto same = std::find_if(out.begin(), out.end(), [&](const Term& o) { return o.same_place(t); });
      if (same == out.end()) {
        out.push_back(std::move(t));
        continue;
      }
      same->weights = sum(same->weights, 1, t.weights);
      if (!t.sum) same->sum = nullptr;
    }
  }

  const Cost& cost_;
};

// Whether one side of every sum x - y that was taken apart is a term of the whole besides: then the terms are no larger than those
// that the whole has anyway, and nothing cancels that did not before.
bool sums_are_safe(const std::vector<Term>& terms) {
  return std::all_of(terms.begin(), terms.end(),
                     [&](const Term& t) { return !t.sum || std::count_if(terms.begin(), terms.end(), [&](const Term& o) { return o.sum == t.sum; }) == 1; });
}

Value* build(Graph& graph, const Edit& edit, const Term& t) {
  Value* out = edit("MatMul", {edit.transpose(t.leaf, t.order), graph.add_constant(t.weights)});
  const Dim columns = out->type->shape.back();
  for (auto s = t.steps.rbegin(); s != t.steps.rend(); ++s) {
    if (s->kind == Step::Kind::gather) {
      out = edit("Gather", {out, s->indices}, {{"axis", s->axis}});
    } else if (s->kind == Step::Kind::transpose) {
      Axes permutation = s->permutation;
      permutation.push_back(static_cast<std::int64_t>(permutation.size()));
      out = edit.transpose(out, permutation);
    } else {
      Shape shape = s->rows;
      shape.push_back(columns);
      out = s->kind == Step::Kind::view ? edit.view(out, std::move(shape)) : edit("Expand", {out, edit.sizes(shape)});
    }
  }
  return out;
}

bool step(Graph& graph, Node* n) {
  if (!n->is("MatMul") || !n->regions.empty() || !n->in(1)->is_constant() || n->in(1)->constant->rank() != 2) return false;
  Value* x = n->in(0);
  if (n->out()->type->dtype != DType::float32 || rank_of(x) < 2) return false;
  const Cost cost(graph.symbols(), static_cast<double>(n->in(1)->constant->shape()[1]));
  auto terms = Splitter(cost).terms(x, identity(rank_of(x)), *n->in(1)->constant, {});
  if (terms.size() == 1 && terms[0].leaf == x) return false;
  const double rows = cost.elements(rows_in(x, identity(rank_of(x))));
  const double before = cost.of({{x, {}, {}, {}}}, rows) + cost.assembly(x);
  if (cost.of(terms, rows) > 0.75 * before || !sums_are_safe(terms)) return false;
  // What needs no steps first: it has the rows of the whole, the others are added to it.
  std::stable_sort(terms.begin(), terms.end(), [&](const Term& a, const Term& b) { return a.steps.empty() && !b.steps.empty(); });
  const Edit edit(graph, n);
  Value* total = nullptr;
  for (const Term& t : terms) total = total ? edit("Add", {total, build(graph, edit, t)}) : build(graph, edit, t);
  if (!(total->type == n->out()->type)) total = edit("Expand", {total, edit.sizes(n->out()->type->shape)});
  edit.replace_with(total);
  return true;
}

}  // namespace
}  // namespace split_linear_detail

// (rows put together from tables) W  ->  the tables times their rows of W, then put together: a product over Concat, Gather,
// Expand and broadcast sums is applied once per row of a table in place of once per use (EdgeConv, arXiv:1801.07829; messages along
// edges). Fires where the estimated work falls by a quarter at the upper bounds of the symbols. Reassociates.
bool split_linear(Graph& graph) {
  using namespace split_linear_detail;
  return rewrite_all(graph, step);
}

}  // namespace inferc
