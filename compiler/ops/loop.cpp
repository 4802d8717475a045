#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/control.hpp"
#include "compiler/ops/format.hpp"
#include "compiler/ops/open_size.hpp"

namespace inferc::op_Loop {
namespace {

// Of the body: the iteration, the condition, what is carried, captures; it gives the condition, what is carried, and a row of
// each output that collects.
struct Signature {
  const Region& body;
  std::size_t carried;
  explicit Signature(const Node& n) : body(n.regions[0]), carried(body.graph->inputs().size() - body.captures - 2) {}
  [[nodiscard]] const Value* result(std::size_t output) const { return body.graph->outputs()[output + 1]; }
};

bool has_body(Infer& i) {
  const auto& regions = i.node.regions;
  if (regions.size() != 1 || regions[0].graph->inputs().size() < regions[0].captures + 2) return i.fail("its body takes an iteration and a condition first");
  const Signature s(i.node);
  const std::size_t given = control::first_capture(i.node, 0);
  if (given != s.carried + 2 && !(s.carried == 0 && given < 2))
    return i.fail(fmt::format("{} values are given to carry, its body takes {}", given < 2 ? 0 : given - 2, s.carried));
  if (s.body.graph->outputs().size() != i.node.outputs.size() + 1 || i.node.outputs.size() < s.carried)
    return i.fail(fmt::format("its body gives {} values, {} are expected", s.body.graph->outputs().size(), i.node.outputs.size() + 1));
  for (const std::size_t k : {0u, 1u})
    if (given > k && i.has(k) && !product(i.shape(k)).is(1))
      return i.fail(fmt::format("its {} is {}, it must have one element", k == 0 ? "trip count" : "condition", text(i.type(k))));
  return true;
}

std::optional<bool> known(const Value* v) {
  if (v->constant && v->constant->dtype() == DType::boolean && v->constant->size() == 1) return v->constant->as<bool>()[0];
  if (v->content && v->content->size() == 1 && (*v->content)[0].is_constant()) return !(*v->content)[0].is(0);
  return std::nullopt;
}

const Value* through_identities(const Value* v) {
  while (v->producer && v->producer->is("Identity")) v = v->producer->in(0);
  return v;
}

// Whether every condition holds, so that the trip count is the number of iterations.
bool always(const Node& n) {
  const Value *first = control::first_capture(n, 0) > 1 ? n.in(1) : nullptr, *next = through_identities(n.regions[0].graph->outputs()[0]);
  const bool begins = !first || known(first) == true;
  return begins && (next == n.regions[0].graph->inputs()[1] || known(next) == true);
}

// The trip count where it is known as a size, and the most that it may be: by its bounds or as the file states the sizes of
// what the loop collects.
struct Trips {
  std::optional<Dim> count, most;
};

Trips trips_of(Infer& i, std::size_t carried) {
  Trips out;
  if (control::first_capture(i.node, 0) > 0 && i.has(0))
    if (const auto c = i.content(0); c && c->size() == 1) out.count = content::max(i.symbols(), (*c)[0], Dim(0));
  if (out.count && i.symbols().bounds(*out.count).upper <= unbounded) out.most = i.symbols().at_limits(*out.count);
  for (std::size_t k = carried; k < i.node.outputs.size() && !out.most; ++k)
    if (const Value* v = i.node.out(k); v && v->declared && !v->declared->empty() && !is_open_size(v->declared->front())) out.most = (*v->declared)[0];
  return out;
}

void bind(Infer& i, const Signature& s, const Trips& trips) {
  control::bind_captures(i.node, 0);
  control::bind_input(s.body, 0, {DType::int64, {}});
  const Dim iteration = i.measured(0, 0, SIZE_MAX, trips.most ? content::max(i.symbols(), *trips.most - Dim(1), Dim(0)) : Dim(unbounded));
  s.body.graph->inputs()[0]->content = std::vector<Dim>{iteration};
  control::bind_input(s.body, 1, {DType::boolean, {}});
  for (std::size_t k = 0; k < s.carried; ++k) control::bind_input(s.body, 2 + k, i.type(2 + k));
}

void collect(Infer& i, const Signature& s, std::size_t k, const Dim& rows) {
  const Type& row = *s.result(k)->type;
  if (!control::keeps_size(i, s.body, k, row)) return;
  Shape shape = row.shape;
  shape.insert(shape.begin(), rows);
  i.out(k, row.dtype, shape);
}

void infer(Infer& i) {
  if (!has_body(i)) return;
  const Signature s(i.node);
  const Trips trips = trips_of(i, s.carried);
  bind(i, s, trips);
  if (!i.region(*s.body.graph)) return;
  if ((control::first_capture(i.node, 0) == 0 || !i.has(0)) && always(i.node)) {
    i.fail("it has no trip count and its condition always holds: it never ends");
    return;
  }
  if (const Type& c = *s.body.graph->outputs()[0]->type; c.dtype != DType::boolean || !product(c.shape).is(1)) {
    i.fail(fmt::format("its body gives a condition that is {}", text(c)), "the condition is a bool of one element");
    return;
  }
  for (std::size_t k = 0; k < s.carried; ++k) control::carry(i, k, i.type(2 + k), *s.result(k)->type);
  if (s.carried == i.node.outputs.size()) return i.node.measures.resize(1);
  if (!trips.most) {
    i.fail("the number of rows that it collects has no bound",
           "make the trip count a constant or a size, or name its rows in the shape of an output, as [rows, 3]: --dim rows=0..N bounds them");
    return;
  }
  const bool counted = trips.count && always(i.node);
  const Dim rows = counted ? *trips.count : i.measured(1, s.carried, 0, *trips.most);
  i.node.measures.resize(counted ? 1 : 2);
  for (std::size_t k = s.carried; k < i.node.outputs.size(); ++k) collect(i, s, k, rows);
}

void lower(Lower& l) { internal_error(address(l.node) + ": control flow is lowered by plan"); }

}  // namespace

extern const Op op = {
    .name = "Loop",
    .inputs = {{"M", types::int64, Port::Arity::optional}, {"cond", types::boolean, Port::Arity::optional}, {"v_initial", types::any, Port::Arity::any}},
    .min_outputs = 1,
    .max_outputs = 1 << 20,
    .infer = infer,
    .lower = lower,
    .versions = "7, 11, 13, 16, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Loop
