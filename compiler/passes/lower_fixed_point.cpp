#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "compiler/ops/fixed.hpp"
#include "compiler/passes/edit.hpp"
#include "compiler/passes/fixed_chain.hpp"
#include "compiler/passes/fixed_windows.hpp"
#include "compiler/passes/function_tables.hpp"
#include "compiler/passes/grid.hpp"
#include "compiler/passes/integer_layer.hpp"
#include "compiler/passes/match.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/stored_quantiser.hpp"

namespace inferc {
namespace {

using fixed::Round;
using Columns = std::vector<FixedChain::Column>;

// The size of the last axis where it is a number.
std::optional<std::size_t> last_size(const Value* v) {
  const Shape& s = v->type->shape;
  if (s.empty() || !s.back().is_constant()) return std::nullopt;
  return static_cast<std::size_t>(*s.back().constant());
}

// A value as a tensor of integers: of the same shape, one column for all or one for each index of the last axis.
struct Integers {
  Value* value;
  Columns columns;
  std::optional<FixedChain> chain{};  // of `op` on `operands`, which gave it
  std::string op{};
  std::vector<Value*> operands{};
  Attributes attributes{};
  Shape image{};  // of a convolution: [N, C, ...], computed as [N, positions, C]
  std::vector<std::string> origins{};
  std::optional<FunctionTables> tables{};  // of a FixedTable
};

std::int64_t most_of(const Columns& columns) {
  std::int64_t out = 0;
  for (const auto& c : columns) out = std::max({out, std::abs(c.low), std::abs(c.high)});
  return out;
}

// One column for all, where they have the same unit.
std::optional<FixedChain::Column> joined(const Columns& columns) {
  FixedChain::Column out = columns[0];
  for (const auto& c : columns) {
    if (c.fraction != out.fraction) return std::nullopt;
    out.low = std::min(out.low, c.low), out.high = std::max(out.high, c.high);
  }
  return out;
}

// --- what a node does to each element, as steps

std::optional<std::size_t> constant_operand(const Node& n) {
  for (std::size_t i = 0; i < n.inputs.size(); ++i)
    if (n.in(i) && n.in(i)->is_constant()) return i;
  return std::nullopt;
}

// What a constant is for each column of a chain; `behind` axes follow that of the columns.
std::optional<FixedColumns> columns_of(const Value* v, std::size_t columns, std::size_t behind) {
  if (!v->is_constant()) return std::nullopt;
  const Tensor& t = *v->constant;
  const bool along = t.rank() > behind && t.size() == columns && t.shape()[t.rank() - 1 - behind] == static_cast<std::int64_t>(columns);
  if (t.size() != 1 && !along) return std::nullopt;
  return fixed_columns(t.reshaped({static_cast<std::int64_t>(t.size())}), columns);
}

std::optional<FixedColumns> negated(std::optional<FixedColumns> v) {
  if (v)
    for (std::int64_t& e : v->integer) e = -e;
  return v;
}

std::optional<Round> round_mode(const std::string& name) {
  static const std::map<std::string, Round> modes{
      {"TRN", Round::trn},           {"RND", Round::rnd},         {"RND_CONV", Round::rnd_conv}, {"RND_MIN_INF", Round::rnd_min_inf},
      {"RND_ZERO", Round::rnd_zero}, {"RND_INF", Round::rnd_inf}, {"TRN_ZERO", Round::trn_zero}};
  const auto at = modes.find(name);
  return at == modes.end() ? std::nullopt : std::optional(at->second);
}

struct Quantiser {
  FixedChain::Target target;
  bool fits_float;  // the bounds are exact in float32 arithmetic
};

// An integer constant, `columns` elements of it.
std::optional<std::vector<std::int64_t>> whole_numbers(const Value* v, std::size_t columns, std::size_t behind) {
  const auto out = columns_of(v, columns, behind);
  if (!out) return std::nullopt;
  for (const int f : out->fraction)
    if (f != 0) return std::nullopt;
  return out->integer;
}

std::optional<Quantiser> quantiser(const Node& n, std::size_t columns, std::size_t behind = 0) {
  const auto mode = round_mode(n.attr("rounding", std::string()));
  for (std::size_t i = 1; i < 4; ++i)
    if (!n.in(i) || !n.in(i)->is_constant()) return std::nullopt;
  const auto scale = columns_of(n.in(1), columns, behind);
  const auto low = whole_numbers(n.in(2), columns, behind), high = whole_numbers(n.in(3), columns, behind);
  if (!mode || !scale || !low || !high) return std::nullopt;
  Quantiser out{{{}, *low, *high, *mode, n.attr("overflow", std::string()) == "WRAP"}, true};
  for (std::size_t c = 0; c < columns; ++c) {
    const auto exponent = grid::power_of_two(std::ldexp(static_cast<double>(scale->integer[c]), -scale->fraction[c]));
    if (!exponent || (*low)[c] > (*high)[c]) return std::nullopt;
    out.target.fraction.push_back(*exponent);
    out.fits_float = out.fits_float && std::max(std::abs((*low)[c]), std::abs((*high)[c])) < (std::int64_t{1} << 24);
  }
  return out;
}

// x * 2^p or x / 2^p
bool apply_scale(FixedChain& chain, const Node& n) {
  const auto c = constant_operand(n);
  if (!c || n.in(*c)->constant->size() != 1 || (n.is("Div") && *c != 1)) return false;
  const auto exponent = grid::power_of_two(static_cast<double>(n.in(*c)->constant->as<float>()[0]));
  return exponent && chain.scale(n.is("Div") ? -*exponent : *exponent);
}

bool apply_sum(FixedChain& chain, const Node& n, std::size_t behind) {
  const auto c = constant_operand(n);
  if (!c || (n.is("Sub") && *c != 1)) return false;
  auto term = columns_of(n.in(*c), chain.columns().size(), behind);
  if (n.is("Sub")) term = negated(std::move(term));
  return term && chain.add(*term);
}

bool apply_bound(FixedChain& chain, const Value* bound, bool least, std::size_t behind) {
  if (!bound) return true;
  const auto v = columns_of(bound, chain.columns().size(), behind);
  return v && (least ? chain.at_least(*v) : chain.at_most(*v));
}

bool apply(FixedChain& chain, const Node& n, std::size_t behind) {
  if (!n.regions.empty() || n.outputs.size() != 1 || !is_float32(n.out()) || (n.domain != "" && n.domain != "inferc")) return false;
  if (n.is("Quantize", "inferc")) {
    const auto q = quantiser(n, chain.columns().size(), behind);
    return q && chain.quantise(q->target);
  }
  if (n.is("Relu")) return chain.relu();
  if (n.is("LeakyRelu")) return chain.leaky_relu(n.attr("alpha", 0.01f));
  if (n.is("Floor")) return chain.round(Round::trn);
  if (n.is("Round")) return chain.round(Round::rnd_conv);
  if (n.is("Mul") || n.is("Div")) return n.inputs.size() == 2 && apply_scale(chain, n);
  if (n.is("Add") || n.is("Sub")) return apply_sum(chain, n, behind);
  if (n.is("Clip")) return apply_bound(chain, n.in(1), true, behind) && apply_bound(chain, n.in(2), false, behind);
  if (n.is("Max") || n.is("Min")) {
    const auto c = constant_operand(n);
    return n.inputs.size() == 2 && c && apply_bound(chain, n.in(*c), n.is("Max"), behind);
  }
  return false;
}

// --- the pass

class Lowering {
 public:
  explicit Lowering(Graph& graph) : graph_(graph), facts_(graph), functions_(graph, facts_) {}

  bool run() {
    for (Node* n : graph_.nodes())
      if (!converted_.count(n) && !visit_function(n) && !visit_integer_layer(n) && !visit_integer_pool(n)) visit(n);
    if (converted_.empty()) return false;
    give_floats();
    for (const auto& [of, by] : replaced_) Edit(graph_, of->producer).replace_with(by);
    graph_.erase_dead();
    return true;
  }

 private:
  void visit(Node* n) {
    if (n->outputs.size() != 1 || !n->out() || !is_float32(n->out()) || !n->regions.empty()) return;
    if (n->is("MatMul") || n->is("Gemm")) return visit_product(n);
    if (n->is("Conv")) return visit_convolution(n);
    if (n->is("AveragePool") || n->is("GlobalAveragePool")) return visit_average(n);
    const Integers* x = n->in(0) ? known(n->in(0)) : nullptr;
    if (x && moves(*n)) return visit_movement(n, *x);
    if (n->is("Add") && !constant_operand(*n)) return visit_sum(n);
    for (const Value* v : n->inputs)
      if (const Integers* of = v ? known(v) : nullptr) return visit_steps(n, *of);
  }

  [[nodiscard]] const Integers* known(const Value* v) const {
    const auto at = integers_.find(v);
    return at == integers_.end() ? nullptr : &at->second;
  }

  // --- tensors of integers

  // The integers of a value that is provably on a grid, where they cost no more than the value.
  const Integers* integers_of(Value* v, Node* before) {
    if (const Integers* of = known(v)) return of;
    const grid::Grid* g = facts_.of(v);
    if (!g || !is_float32(v) || v->is_constant()) return nullptr;
    const Node* n = v->producer;
    if (n && moves(*n) && n->in(0))
      if (const Integers* from = integers_of(n->in(0), before); from && joined(from->columns)) return moved(*n, *from, before);
    if (n && n->is("Quantize", "inferc"))
      if (const Integers* of = quantised(*n, before)) return of;
    if (const auto fraction = n ? fraction_of_integers(*n) : std::nullopt)
      if (const auto all = joined(columns_of_grid(*g)); all && all->fraction == *fraction) return keep(v, {n->in(0), {*all}});
    return g->exact || (n && n->is("Quantize", "inferc")) ? converted(v, *g, before) : nullptr;
  }

  static Columns columns_of_grid(const grid::Grid& g) {
    Columns out;
    for (std::size_t c = 0; c < g.fraction.size(); ++c) out.push_back({g.fraction[c], g.low[c], g.high[c]});
    return out;
  }
  const Integers* keep(const Value* v, Integers of) { return &(integers_[v] = std::move(of)); }

  const Integers* to_integer(Value* source, const Value* of, const FixedChain::Target& to, Node* before) {
    Columns columns;
    for (std::size_t c = 0; c < to.fraction.size(); ++c) columns.push_back({to.fraction[c], to.low[c], to.high[c]});
    const FixedChain range(columns, 0);
    if (range.stored_type() == DType::undefined || most_of(columns) >= (std::int64_t{1} << 24)) return nullptr;
    std::vector<float> scale, low, high;
    for (const auto& c : columns) {
      scale.push_back(std::ldexp(1.0f, c.fraction));
      low.push_back(static_cast<float>(c.low)), high.push_back(static_cast<float>(c.high));
    }
    const Edit edit(graph_, before);
    Value* v = edit.composite(
        "FixedToInteger", {source, parameter(scale), parameter(low), parameter(high)},
        {{"dtype", static_cast<std::int64_t>(range.stored_type())}, {"mode", static_cast<std::int64_t>(to.mode)}, {"wraps", std::int64_t{to.wraps}}},
        before->origins);
    if (of->producer) v->producer->origins = of->producer->origins, v->producer->name = of->producer->name;
    return keep(of, {v, columns});
  }
  Value* parameter(const std::vector<float>& v) {
    const bool one = std::all_of(v.begin(), v.end(), [&](float e) { return e == v[0]; });
    return graph_.add_constant(one ? tensor_of<float>({}, std::span(v.data(), 1)) : tensor_of<float>({std::ssize(v)}, v));
  }

  // A quantiser of a value of float32.
  const Integers* quantised(const Node& n, Node* before) {
    auto q = quantiser(n, 1);
    const auto size = last_size(n.out());
    if (!q && size && *size > 0) q = quantiser(n, *size);
    return q && q->fits_float ? to_integer(n.in(0), n.out(), q->target, before) : nullptr;
  }
  // A value that lies on a grid: x * 2^f is an integer.
  const Integers* converted(Value* v, const grid::Grid& g, Node* before) {
    const grid::Grid w = grid::whole(g);
    return to_integer(v, v, {w.fraction, w.low, w.high, Round::trn, false}, before);
  }

  static bool moves(const Node& n) {
    const bool pools = n.is("MaxPool") && n.outputs.size() == 1;
    return n.regions.empty() && (pools || n.is("Reshape") || n.is("Flatten") || n.is("Transpose") || n.is("Squeeze") || n.is("Unsqueeze") || n.is("Identity") ||
                                 n.is("Slice") || n.is("Gather") || n.is("View", "inferc"));
  }
  const Integers* moved(const Node& n, const Integers& from, Node* before) {
    if (n.is("MaxPool")) return keep(n.out(), {largest(n, from.value, before), {*joined(from.columns)}});
    Node* copy = graph_.add_node(n.op, n.inputs, 1, n.attributes, before);
    graph_.set_input(copy, 0, from.value);
    copy->domain = n.domain, copy->name = n.name, copy->origins = n.origins, copy->opset = n.opset;
    copy->outputs[0]->type = Type{from.value->type->dtype, n.out()->type->shape};
    return keep(n.out(), {copy->outputs[0], {*joined(from.columns)}});
  }
  // Of each window, in the shape of the pool's result.
  Value* largest(const Node& n, Value* x, Node* before) {
    Attributes attributes = n.attributes;
    attributes.erase("storage_order");
    const Edit edit(graph_, before);
    return edit.view(edit.transpose(edit.composite("FixedMaxPool", {x}, std::move(attributes), n.origins), {0, 2, 1}), n.out()->type->shape);
  }
  // A pool of integers of the file.
  bool visit_integer_pool(Node* n) {
    if (!n->is("MaxPool") || n->outputs.size() != 1 || !n->in(0)->type || !is_integer(n->in(0)->type->dtype)) return false;
    replaced_.emplace_back(n->out(), largest(*n, n->in(0), n));
    converted_.insert(n);
    return true;
  }
  void visit_movement(Node* n, const Integers& x) {
    if (joined(x.columns) && moved(*n, x, n)) converted_.insert(n);
  }

  // --- chains of steps

  // Follows the values that one node alone reads, as long as that node is a step.
  Node* extend(FixedChain& chain, Node* last, std::set<Node*>& covered, std::size_t behind = 0) {
    for (;;) {
      Node* user = graph_.only_user(last->out());
      if (user && user->is("QuantizeLinear")) {
        if (Node* behind_it = through_integers(chain, user, covered)) {
          last = behind_it;
          continue;
        }
      }
      if (!user || !is_float32(user->out()) || user->out()->type->shape != last->out()->type->shape) return last;
      FixedChain longer = chain;
      if (!apply(longer, *user, behind)) return last;
      chain = std::move(longer);
      covered.insert(user);
      last = user;
    }
  }

  // The last node of a quantiser that goes through integers of the file, where `first` begins one that the chain takes.
  Node* through_integers(FixedChain& chain, Node* first, std::set<Node*>& covered) {
    const auto q = stored_quantiser(graph_, first);
    const std::size_t n = chain.columns().size();
    FixedChain longer = chain;
    const auto all = [&](std::int64_t v) { return std::vector<std::int64_t>(n, v); };
    if (!q || !longer.quantise({std::vector<int>(n, q->fraction), all(q->low), all(q->high), Round::rnd_conv, false})) return nullptr;
    chain = std::move(longer);
    covered.insert(q->nodes.begin(), q->nodes.end());
    return q->nodes.back();
  }

  // The chain of `op` on operands, whose result stands for the value of `last`.
  void emit(FixedChain chain, Node* last, std::string op, std::vector<Value*> operands, Attributes attributes, const std::set<Node*>& covered,
            Shape image = {}) {
    chain.end_without_shift();
    if (!image.empty() && !chain.to_one_fraction()) return;
    if (chain.stored_type() == DType::undefined) return;
    Integers of{nullptr, chain.columns(), chain, std::move(op), std::move(operands), std::move(attributes), std::move(image)};
    if (!of.image.empty()) of.columns = {{chain.columns()[0].fraction, chain.low(), chain.high()}};
    of.origins = origins_of(covered);
    note_width(covered, chain, of);
    of.value = place(of, chain, chain.stored_type(), last);
    keep(last->out(), std::move(of));
    converted_.insert(covered.begin(), covered.end());
  }
  // What takes 64 bits for want of a proof that 32 do.
  void note_width(const std::set<Node*>& covered, const FixedChain& chain, const Integers& of) {
    const auto is_long = [](const Value* v) {
      if (!v->is_constant()) return v->type->dtype == DType::int32;
      const auto all = v->constant->as<std::int32_t>();
      return std::any_of(all.begin(), all.end(), [](std::int32_t w) { return w < INT16_MIN || w > INT16_MAX; });
    };
    const std::vector<Node*> nodes = graph_.nodes();
    const Node& first = **std::find_if(nodes.begin(), nodes.end(), [&](Node* n) { return covered.count(n) > 0; });
    const auto reach = static_cast<std::uint64_t>(chain.peak());
    if (chain.is_wide())
      note(first,
           fmt::format("its sums, or what follows them, may reach {}, {} bits with the sign: they are computed in 64-bit integers, which takes longer", reach,
                       std::bit_width(reach) + 1),
           "data and weights of fewer bits: sums below 2^31 take 32-bit integers");
    else if (of.op == "FixedLinear" && std::any_of(of.operands.begin(), of.operands.end(), is_long))
      note(first, "its data or weights have more than 16 bits: they are multiplied in 64-bit integers, which takes longer",
           "data and weights of up to 16 bits");
  }
  // A layer on grids whose sums nobody can tell.
  void note_beyond(const Node& n) {
    const bool on_grids = std::all_of(n.inputs.begin(), n.inputs.end(), [&](const Value* v) { return !v || facts_.of(v); });
    if (on_grids && n.in(1)->is_constant() && !converted_.count(&n) && !facts_.of(n.out()))
      note(n, "its sums may take more than 53 bits: they are computed in float32, which rounds them", "data and weights of fewer bits");
  }
  void note(const Node& n, const std::string& what, std::string help) { graph_.notes.push_back({fmt::format("{}: {}", address(n), what), std::move(help)}); }
  [[nodiscard]] std::vector<std::string> origins_of(const std::set<Node*>& covered) const {
    std::vector<Node*> nodes;
    for (Node* n : graph_.nodes())
      if (covered.count(n)) nodes.push_back(n);
    return joined_origins(nodes);
  }
  Value* place(const Integers& of, const FixedChain& chain, DType type, Node* before) {
    const DType t = of.operands[0]->type->dtype;
    const bool row = of.op == "FixedLinear" && (t == DType::int8 || t == DType::uint16);
    std::vector<Value*> operands = of.operands;
    operands.insert(operands.end(), {graph_.add_constant(chain.table(row)), graph_.add_constant(chain.steps(row))});
    Attributes attributes = of.attributes;
    attributes["dtype"] = static_cast<std::int64_t>(type);
    attributes["wide"] = std::int64_t{chain.is_wide()};
    if (type == DType::float32) attributes["fraction"] = std::int64_t{chain.columns()[0].fraction};
    const Edit edit(graph_, before);
    Value* v = edit.composite(of.op, std::move(operands), std::move(attributes), of.origins);
    return of.image.empty() ? v : edit.view(edit.transpose(v, {0, 2, 1}), of.image);
  }

  void visit_steps(Node* n, const Integers& x) {
    if (n->out()->type->shape != x.value->type->shape) return;
    FixedChain chain(x.columns, most_of(x.columns));
    if (!apply(chain, *n, 0)) return;
    std::set<Node*> covered{n};
    Node* last = extend(chain, n, covered);
    emit(std::move(chain), last, "FixedMap", {x.value}, {}, covered);
  }

  // --- sums of two values, as residual networks have them

  // In units of the finer grid, where one of them is a tensor of integers already.
  void visit_sum(Node* n) {
    Value *u = n->in(0), *v = n->in(1);
    if ((!known(u) && !known(v)) || u->type->shape != v->type->shape || n->out()->type->shape != u->type->shape) return;
    const Integers *a = integers_of(u, n), *b = a ? integers_of(v, n) : nullptr;
    const auto x = b ? joined(a->columns) : std::nullopt, y = b ? joined(b->columns) : std::nullopt;
    if (!x || !y) return;
    const int fraction = std::max(x->fraction, y->fraction), by_x = fraction - x->fraction, by_y = fraction - y->fraction;
    if (std::max(by_x, by_y) > 24) return;
    const auto part = [](std::int64_t q, int by) { return q * (std::int64_t{1} << by); };
    const FixedChain::Column sum{fraction, part(x->low, by_x) + part(y->low, by_y), part(x->high, by_x) + part(y->high, by_y)};
    FixedChain chain({sum}, part(most_of(a->columns), by_x) + part(most_of(b->columns), by_y));
    std::set<Node*> covered{n};
    Node* last = extend(chain, n, covered);
    Value *first = a->value, *second = b->value;
    const DType both = FixedChain({*x, {x->fraction, y->low, y->high}}, 0).stored_type();
    if (first->type->dtype != second->type->dtype) first = stored_as(first, both, n), second = stored_as(second, both, n);
    emit(std::move(chain), last, "FixedAdd", {first, second}, {{"shift_a", std::int64_t{by_x}}, {"shift_b", std::int64_t{by_y}}}, covered);
  }
  Value* stored_as(Value* v, DType t, Node* before) {
    return v->type->dtype == t ? v : Edit(graph_, before)("Cast", {v}, {{"to", static_cast<std::int64_t>(t)}});
  }

  // --- functions of few integers, as tables

  // The integers of a value, and where they are.
  struct FewIntegers {
    Value* value;
    Columns columns;
  };
  std::optional<FewIntegers> few_integers(Value* v, Node* before) {
    if (is_integer(v->type->dtype)) {
      const grid::Grid all = grid::whole(*facts_.of(v));
      const std::int64_t unit = std::int64_t{1} << std::clamp(-all.fraction[0], 0, 32);
      return FewIntegers{v, {{0, all.low[0] * unit, all.high[0] * unit}}};
    }
    // What a chain went through has no integers of its own, and no float any more.
    const bool inside = v->producer && converted_.count(v->producer) && !known(v);
    const Integers* of = inside ? nullptr : integers_of(v, before);
    if (!of) return std::nullopt;
    const auto one = joined(of->columns);
    return FewIntegers{of->value, one ? Columns{*one} : of->columns};
  }

  bool visit_function(Node* n) {
    const auto f = functions_.ending_with(n);
    const auto x = f ? few_integers(f->source, n) : std::nullopt;
    if (!x) return false;
    Value* y = f->nodes.back()->out();
    const bool in_file = y->type->dtype != DType::float32;
    const auto tables = function_tables(*f, x->columns, in_file ? nullptr : facts_.of(y));
    if (!tables) return false;
    Integers of{nullptr, columns_of_results(*tables), {}, "FixedTable", {x->value}, attributes_of(*tables), {}, joined_origins(f->nodes), *tables};
    of.value = table(of, in_file ? y->type->dtype : FixedChain(of.columns, 0).stored_type(), n);
    if (in_file) replaced_.emplace_back(y, of.value);
    else keep(y, std::move(of));
    cover(f->nodes);
    return true;
  }
  static Columns columns_of_results(const FunctionTables& of) {
    Columns out;
    for (const auto& t : of.tables) {
      const auto [low, high] = std::minmax_element(t.entries.begin(), t.entries.end());
      out.push_back({t.fraction, *low, *high});
    }
    const auto one = joined(out);
    return one ? Columns{*one} : out;
  }
  static Attributes attributes_of(const FunctionTables& of) {
    Attributes out{{"near", of.near.integers}};
    if (of.axis) out["axis"] = static_cast<std::int64_t>(*of.axis), out["near_columns"] = of.near.columns;
    return out;
  }
  Value* table(const Integers& of, DType type, Node* before) {
    PooledTables tables = pooled_tables(*of.tables, type);
    std::vector<Value*> operands{of.operands[0], graph_.add_constant(std::move(tables.entries)), graph_.add_constant(std::move(tables.offset))};
    return Edit(graph_, before).composite("FixedTable", std::move(operands), of.attributes, of.origins);
  }
  // Those that nobody else reads.
  void cover(const std::vector<Node*>& nodes) {
    for (std::size_t k = nodes.size(); k-- > 0;)
      if (k + 1 == nodes.size() || !needed(nodes[k]->out())) converted_.insert(nodes[k]);
  }

  // --- layers on bytes with zero points

  // Columns of one unit, 1, between the bounds of a byte.
  static Columns range_of(DType t) { return {t == DType::int8 ? FixedChain::Column{0, INT8_MIN, INT8_MAX} : FixedChain::Column{0, 0, UINT8_MAX}}; }
  static FixedColumns whole(std::vector<std::int64_t> v) { return {v, std::vector<int>(v.size(), 0)}; }
  static bool saturate(FixedChain& chain, std::int64_t zero, DType t) {
    const std::int64_t half = std::int64_t{1} << (bit_width(t) - 1), low = is_signed(t) ? -half : 0;
    const auto all = [&](std::int64_t v) { return whole(std::vector<std::int64_t>(chain.columns().size(), v)); };
    return chain.add(all(zero)) && chain.at_least(all(low)) && chain.at_most(all(low + 2 * half - 1));
  }

  // The sums of a layer, and what one node after the other makes of them; nothing where they could wrap.
  std::optional<FixedChain> integer_sums(const IntegerLayer& layer, Node*& last, std::set<Node*>& covered) {
    const Columns x = range_of(layer.x->type->dtype);
    const Weights w{layer.weights, std::vector<int>(layer.columns, 0)};
    FixedChain chain = sums(w, x, layer.k, layer.windows == FixedWindows::depthwise ? 0 : offset_of(layer.x->type->dtype, true));
    if (!chain.add(whole(layer.bias)) || chain.is_wide() || magnitude(w) > 32767) {
      note(*last, "its sums may leave 32 bits and then wrap, as ONNX defines them: the reference kernel computes it, which is slow",
           "fewer inputs or smaller weights make it exact");
      return std::nullopt;
    }
    if (!layer.factor.empty()) {
      const bool fits = chain.rescale(layer.factor, std::vector<float>(layer.columns, 1.0f)) && saturate(chain, layer.zero_y, last->out()->type->dtype);
      return fits ? std::optional(chain) : std::nullopt;
    }
    if (layer.late_zero_x || !layer.taps.empty()) return chain;
    for (Node* user = graph_.only_user(last->out()); user && user->is("Add") && user->out()->type->shape == last->out()->type->shape;
         user = graph_.only_user(last->out())) {
      const auto term = integer_columns(user->in(user->in(0) == last->out() ? 1 : 0), layer.columns);
      FixedChain longer = chain;
      if (!term || !longer.add(whole(*term)) || longer.is_wide()) break;
      chain = std::move(longer), last = user, covered.insert(user);
    }
    const auto r = requantiser(graph_, last, layer.columns);
    FixedChain longer = chain;
    if (!r || !longer.rescale(r->factor, r->divisor) || !saturate(longer, r->zero, r->last->out()->type->dtype)) return chain;
    for (Node* n = last; n != r->last;) covered.insert(n = graph_.only_user(n->out()));
    last = r->last;
    return longer;
  }

  bool visit_integer_layer(Node* n) {
    const auto layer = integer_layer(*n);
    if (!layer || layer->windows == FixedWindows::none || (!layer->taps.empty() && layer->late_zero_x)) return false;
    std::set<Node*> covered{n};
    Node* last = n;
    const auto chain = integer_sums(*layer, last, covered);
    if (!chain) return false;
    const Weights weights{layer->weights, {}};
    Integers of{nullptr, {}, {}, "FixedLinear", {layer->x, weight_operand(weights, layer->k, layer->columns, weights_of(*n))}, {}, {}, origins_of(covered)};
    if (layer->windows == FixedWindows::depthwise) of.op = "FixedDepthwise", of.attributes = window_attributes(*n, *layer);
    else of.attributes["x_high"] = range_of(layer->x->type->dtype)[0].high;
    if (layer->windows == FixedWindows::matrix && !layer->taps.empty())
      of.operands[0] = Edit(graph_, n).composite("FixedPatches", {layer->x}, window_attributes(*n, *layer), n->origins);
    if (!layer->taps.empty()) of.image = n->out()->type->shape;
    Value* y = place(of, *chain, last->out()->type->dtype, n);
    if (layer->late_zero_x) y = without_zero(y, *layer, n);
    replaced_.emplace_back(last->out(), y);
    converted_.insert(covered.begin(), covered.end());
    return true;
  }
  static const Value* weights_of(const Node& n) { return n.in(n.is("MatMulInteger") || n.is("ConvInteger") ? 1 : 3); }
  static Attributes window_attributes(const Node& n, const IntegerLayer& layer) {
    Attributes out = n.attributes;
    out.erase("group");
    out["kernel_shape"] = layer.taps;
    out["fill"] = layer.zero_x;
    return out;
  }
  // Less what a zero point that comes at run time brings to each sum: sums of 32 bits wrap as those of the file do.
  Value* without_zero(Value* y, const IntegerLayer& layer, Node* before) {
    std::vector<std::int32_t> totals(layer.columns, 0);
    for (std::size_t i = 0; i < layer.weights.size(); ++i) totals[i % layer.columns] += static_cast<std::int32_t>(layer.weights[i]);
    const Edit edit(graph_, before);
    Value* zero = edit("Cast", {edit.view(layer.late_zero_x, {})}, {{"to", static_cast<std::int64_t>(DType::int32)}});
    return edit("Sub", {y, edit("Mul", {zero, graph_.add_constant(tensor_of<std::int32_t>({std::ssize(totals)}, totals))})});
  }

  // --- products with constant weights

  // w[k, n] in units of 2^-fraction[n], for x of the given columns.
  struct Weights {
    std::vector<std::int64_t> integer;
    std::vector<int> fraction;
  };
  static std::optional<double> element(const Tensor& t, std::size_t k, std::size_t n, bool turned) {
    const auto cols = static_cast<std::size_t>(t.shape()[1]);
    const float v = t.as<float>()[turned ? n * cols + k : k * cols + n];
    return std::isfinite(v) ? std::optional(static_cast<double>(v)) : std::nullopt;
  }
  static int finest(const Columns& x) {
    int out = x[0].fraction;
    for (const auto& c : x) out = std::max(out, c.fraction);
    return out;
  }
  static std::optional<Weights> weights_of(const Tensor& t, bool turned, const Columns& x, std::size_t k, std::size_t n) {
    Weights out{std::vector<std::int64_t>(k * n), {}};
    const int unit = finest(x);
    for (std::size_t j = 0; j < n; ++j) {
      Tensor column(DType::float32, {static_cast<std::int64_t>(k)});
      for (std::size_t i = 0; i < k; ++i) {
        const auto w = element(t, i, j, turned);
        if (!w) return std::nullopt;
        column.as<float>()[i] = static_cast<float>(std::ldexp(*w, unit - x[x.size() == 1 ? 0 : i].fraction));
      }
      const auto g = grid::of_constant(column);
      if (!g) return std::nullopt;
      for (std::size_t i = 0; i < k; ++i)
        out.integer[i * n + j] = static_cast<std::int64_t>(std::ldexp(static_cast<double>(column.as<float>()[i]), g->fraction[0]));
      out.fraction.push_back(unit + g->fraction[0]);
    }
    return out;
  }
  // All columns in the finest unit, where the weights then still fit `limit`.
  static void level(Weights& w, std::int64_t limit) {
    const std::size_t n = w.fraction.size();
    const int finest = *std::max_element(w.fraction.begin(), w.fraction.end());
    std::vector<std::int64_t> levelled = w.integer;
    for (std::size_t i = 0; i < levelled.size(); ++i) {
      const int by = finest - w.fraction[i % n];
      if (levelled[i] == 0) continue;
      if (by > 31 || std::abs(levelled[i]) > (limit >> by)) return;
      levelled[i] *= std::int64_t{1} << by;
    }
    w.integer = std::move(levelled);
    std::fill(w.fraction.begin(), w.fraction.end(), finest);
  }
  static bool are_bytes(const Weights& w) {
    return std::all_of(w.integer.begin(), w.integer.end(), [](std::int64_t v) { return v >= INT8_MIN && v <= INT8_MAX; });
  }
  static std::int64_t magnitude(const Weights& w) {
    std::int64_t out = 0;
    for (const std::int64_t v : w.integer) out = std::max(out, std::abs(v));
    return out;
  }

  // What the kernel adds to data of a type, or subtracts.
  static std::int64_t offset_of(DType t, bool bytes) { return bytes && t == DType::int8 ? 128 : !bytes && t == DType::uint16 ? 32768 : 0; }

  // Bounds of the sums from the weights as they are, and the largest of any partial sum: |x| counts `offset` more.
  static FixedChain sums(const Weights& w, const Columns& x, std::size_t k, std::int64_t offset) {
    const std::size_t n = w.fraction.size();
    Columns out;
    std::int64_t peak = 0;
    for (std::size_t j = 0; j < n; ++j) {
      std::int64_t low = 0, high = 0, most = 0;
      for (std::size_t i = 0; i < k; ++i) {
        const auto& c = x[x.size() == 1 ? 0 : i];
        const std::int64_t v = w.integer[i * n + j], a = c.low * v, b = c.high * v;
        low += std::min(a, b), high += std::max(a, b);
        most += (std::max(std::abs(c.low), std::abs(c.high)) + offset) * std::abs(v);
      }
      out.push_back({w.fraction[j], low, high});
      peak = std::max(peak, most);
    }
    return {std::move(out), peak};
  }

  [[nodiscard]] bool is_gemm_with_units(const Node& n) const {
    return n.is("Gemm") && n.attr_int("transA", 0) == 0 && n.attr("alpha", 1.0f) == 1.0f && n.attr("beta", 1.0f) == 1.0f &&
           (!n.in(2) || n.in(2)->is_constant());
  }

  // Sums over k terms with the weights w[K, N], or turned; rows of x are what `prepare` makes of it. `behind` axes follow that of the columns in
  // the file.
  struct Layer {
    std::string op;
    Tensor w;
    bool turned;
    const Value* bias;
    std::size_t behind;
    Attributes attributes;
    std::function<Value*()> prepare;
  };
  void lower_layer(Node* n, const Integers& x, Layer layer) {
    const Tensor& w = layer.w;
    const auto k = static_cast<std::size_t>(w.shape()[layer.turned ? 1 : 0]), outputs = static_cast<std::size_t>(w.shape()[layer.turned ? 0 : 1]);
    auto weights = weights_of(w, layer.turned, x.columns, k, outputs);
    if (!weights) return;
    const DType type = x.value->type->dtype;
    const bool is_product = layer.op == "FixedLinear", bytes = is_product && (type == DType::int8 || type == DType::uint8) && are_bytes(*weights);
    level(*weights, bytes ? 127 : 32767);
    const double bound = static_cast<double>(magnitude(*weights)) * static_cast<double>(most_of(x.columns) + 32768) * static_cast<double>(k);
    if (magnitude(*weights) > (std::int64_t{1} << 30) || bound > 4e18) return;
    FixedChain chain = sums(*weights, x.columns, k, is_product ? offset_of(type, bytes) : 0);
    if (layer.bias) {
      const auto term = columns_of(layer.bias, outputs, 0);
      if (!term || !chain.add(*term)) return;
    }
    std::set<Node*> covered{n};
    Node* last = extend(chain, n, covered, layer.behind);
    const bool narrow = magnitude(*weights) <= 32767 && type != DType::int32 && !chain.is_wide();
    const grid::Grid* sum = facts_.of(n->out());
    if (!narrow && sum && sum->exact) return;  // float32 is as right, and faster
    if (is_product) layer.attributes["x_high"] = std::max<std::int64_t>(0, joined_high(x.columns));
    emit(std::move(chain), last, layer.op, {layer.prepare(), weight_operand(*weights, k, outputs, n->in(1))}, std::move(layer.attributes), covered,
         layer.behind > 0 ? n->out()->type->shape : Shape{});
  }
  static std::int64_t joined_high(const Columns& columns) {
    return std::max_element(columns.begin(), columns.end(), [](const auto& a, const auto& b) { return a.high < b.high; })->high;
  }
  Value* weight_operand(const Weights& weights, std::size_t k, std::size_t outputs, const Value* of) {
    Tensor matrix(DType::int32, {static_cast<std::int64_t>(k), static_cast<std::int64_t>(outputs)});
    std::copy(weights.integer.begin(), weights.integer.end(), matrix.as<std::int32_t>().begin());
    return graph_.add_constant(std::move(matrix), of ? of->name : std::string());
  }

  // The integers of a layer's input, where it has constant weights.
  const Integers* input_of(Node* n) {
    const Value* w = n->in(1);
    if (!w->is_constant() || w->constant->size() == 0 || n->in(0)->is_constant()) return nullptr;
    return facts_.of(n->in(0)) || known(n->in(0)) ? integers_of(n->in(0), n) : nullptr;
  }

  void visit_product(Node* n) {
    if (!(n->is("MatMul") || is_gemm_with_units(*n)) || n->in(1)->type->rank() != 2) return;
    if (const Integers* x = input_of(n); x && x->value->type->rank() >= 1)
      lower_layer(n, *x, {"FixedLinear", *n->in(1)->constant, n->attr_int("transB", 0) != 0, n->in(2), 0, {}, [&] { return x->value; }});
    note_beyond(*n);
  }

  void visit_convolution(Node* n) {
    if (n->in(2) && !n->in(2)->is_constant()) return;
    Attributes attributes = n->attributes;
    attributes.erase("group");
    if (const Integers* x = input_of(n); x && x->columns.size() == 1)
      lower_windows(n, *x, *n->in(1)->constant, n->attr_int("group", 1), n->in(2), std::move(attributes));
    note_beyond(*n);
  }
  // W[filters, channels of a group, taps...].
  void lower_windows(Node* n, const Integers& x, const Tensor& w, std::int64_t groups, const Value* bias, Attributes attributes) {
    attributes["kernel_shape"] = std::vector<std::int64_t>(w.shape().begin() + 2, w.shape().end());
    const auto patches = [&] { return Edit(graph_, n).composite("FixedPatches", {x.value}, attributes, n->origins); };
    switch (fixed_windows(groups, w.shape()[0], w.shape()[1])) {
      case FixedWindows::matrix:
        return lower_layer(n, x, {"FixedLinear", filter_matrix(w, static_cast<std::size_t>(groups)), false, bias, w.rank() - 2, {}, patches});
      case FixedWindows::depthwise:
        return lower_layer(n, x, {"FixedDepthwise", filter_matrix(w, 1), false, bias, w.rank() - 2, attributes, [&] { return x.value; }});
      case FixedWindows::none:
        return;
    }
  }

  // A mean over 2^p elements is a convolution of each channel with weights 2^-p.
  void visit_average(Node* n) {
    const auto window = averaged_window(*n);
    const auto channels = n->in(0)->type->rank() > 1 ? n->in(0)->type->shape[1].constant() : std::nullopt;
    if (!window || !channels || *channels < 1) return;
    const std::int64_t terms = std::accumulate(window->begin(), window->end(), std::int64_t{1}, std::multiplies<>());
    if (terms < 1 || !std::has_single_bit(static_cast<std::uint64_t>(terms))) return;
    const Node* from = n->in(0)->producer;
    const Integers* x = known(n->in(0)) || (from && from->is("Quantize", "inferc")) ? integers_of(n->in(0), n) : nullptr;
    if (!x || x->columns.size() != 1) return;
    std::vector<std::int64_t> shape{*channels, 1};
    shape.insert(shape.end(), window->begin(), window->end());
    Tensor w(DType::float32, shape);
    std::fill(w.as<float>().begin(), w.as<float>().end(), 1.0f / static_cast<float>(terms));
    Attributes attributes = n->attributes;
    for (const char* name : {"ceil_mode", "count_include_pad"}) attributes.erase(name);
    lower_windows(n, *x, w, *channels, nullptr, std::move(attributes));
  }

  // --- back to float32

  [[nodiscard]] bool needed(const Value* v) const {
    return graph_.is_output(v) || std::any_of(v->uses.begin(), v->uses.end(), [&](const Use& u) { return !converted_.count(u.node); });
  }
  // In place of integers that nobody reads.
  void give_floats() {
    for (Node* n : graph_.nodes()) {
      if (!converted_.count(n) || !needed(n->out())) continue;
      const auto at = integers_.find(n->out());
      if (at == integers_.end()) continue;
      Value* f = float_of(at->second, n);
      if (f->name.empty()) f->name = n->out()->name;
      graph_.replace_uses(n->out(), f);
    }
  }
  Value* float_of(const Integers& of, Node* at) {
    if (of.op == "FixedTable" && !graph_.is_read(*of.value)) return table(of, DType::float32, at);
    if (of.chain && !graph_.is_read(*of.value)) {
      FixedChain chain = *of.chain;
      if (chain.to_one_fraction()) return place(of, chain, DType::float32, at);
    }
    FixedChain chain(of.columns, most_of(of.columns));
    if (!chain.to_one_fraction()) internal_error("integers have no common unit");
    return place({of.value, of.columns, chain, "FixedMap", {of.value}, {}, {}, at->origins}, chain, DType::float32, at);
  }

  Graph& graph_;
  grid::Facts facts_;
  PointFunctions functions_;
  std::vector<std::pair<Value*, Value*>> replaced_;  // values of integer types
  std::map<const Value*, Integers> integers_;
  std::set<const Node*> converted_;
};

}  // namespace

// Products of values on a grid with weights on a grid, and what follows element by element up to the last quantiser, on integers:
// from grid facts alone, where no sum can overflow and every result is stored exactly. Exact; where float32 rounds a sum (27 bits
// of 16-bit networks), the integers are what the quantised network means, and float32 is not.
bool lower_fixed_point(Graph& graph) { return Lowering(graph).run(); }

}  // namespace inferc
