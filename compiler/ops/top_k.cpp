#include "kernels/ref/top_k.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/indices.hpp"

namespace inferc::op_TopK {
namespace {

// k <= n for all values of the symbols; a minimum is at most each of its operands.
bool fits(const Symbols& s, const Dim& k, const Dim& n) {
  if (s.provably_le(k, n)) return true;
  if (k.terms().size() != 1 || k.terms()[0].factor != 1 || k.terms()[0].atoms.size() != 1) return false;
  const Dim::Atom& a = *k.terms()[0].atoms[0];
  return a.kind == Dim::Kind::min && (fits(s, a.a, n) || fits(s, a.b, n));
}

// Operand K, else the size that a declared shape has along the axis.
std::optional<Dim> wanted(Infer& i, std::size_t axis) {
  const auto known = i.content(1);
  if (!i.known(1)) {
    const auto shape = i.declared(1, i.node.out(0) && i.node.out(0)->declared ? 0 : 1);
    if (!shape || !content::has_elements(i, 1, 1)) return std::nullopt;
    if (shape->size() == i.shape(0).size()) return (*shape)[axis];
  } else if (known && known->size() == 1) {
    return known->front();
  }
  i.fail(i.known(1) ? "input 'K' must have one element" : "the output is declared with another rank than the input");
  return std::nullopt;
}

void infer(Infer& i) {
  const auto axis = i.axis_attr(-1, i.rank(0));
  if (!axis) return;
  const auto given = wanted(i, *axis);
  if (!given) return;
  const Dim k = *given, n = i.shape(0)[*axis];
  if (i.symbols().bounds(k).lower < 0) {
    i.fail(fmt::format("k is {}, it must not be negative", k.text()));
    return;
  }
  if (!fits(i.symbols(), k, n) && (k.is_constant() || !indices::at_most(i, k, n))) {
    const bool symbolic = !n.is_constant();
    std::string help;
    std::vector<std::string> names;
    collect_symbols(n, names);
    if (symbolic && k.is_constant()) help = fmt::format("bound the size from below: --dim {}={}..MAX", names.front(), k.text());
    i.fail(symbolic ? fmt::format("axis {} is symbolic ({}) and k={} may exceed it", *axis, n.text(), k.text())
                    : fmt::format("k={} exceeds axis {} of size {}", k.text(), *axis, n.text()),
           help);
    return;
  }
  Shape out = i.shape(0);
  out[*axis] = k;
  i.out(0, i.dtype(0), out);
  i.out(1, DType::int64, out);
}

struct Problem {
  Split split;
  Dim k;
  Operand values, indices;
};
Problem problem(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto at = from_front(axis, l.type(0).rank());
  Shape shape = l.shape(0);
  shape[at] = l.out_type(l.node.out(0) ? 0 : 1).shape[at];
  content::guard_sizes(l, 1, {shape[at]});
  const auto place = [&](std::size_t output, DType dtype) { return l.node.out(output) ? l.out_dense(output) : l.temporary(dtype, shape); };
  return {split_at(l.shape(0), at), shape[at], place(0, l.type(0).dtype), place(1, DType::int64)};
}

bool largest(const Node& n) { return n.attr_int("largest", 1) != 0; }

void lower(Lower& l) {
  const Problem p = problem(l);
  const HostKernel kernel = by_dtype(l.type(0).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::top_k<T>); });
  l.reference("ref::top_k", "kernels/ref/top_k.hpp", kernel,
              {write(p.values), write(p.indices), read(l.in_dense(0)), runtime_size(p.split.outer), runtime_size(p.split.axis), runtime_size(p.split.inner),
               runtime_size(p.k), flag(largest(l.node))})
      .flops = product(l.shape(0)) * p.k;
}

// Rows of float32.
bool lower_fast(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1), rank = l.type(0).rank();
  const Split s = split_at(l.shape(0), from_front(axis, rank));
  if (l.type(0).dtype != DType::float32 || !s.inner.is(1)) return false;
  const Problem p = problem(l);
  l.fast("cpu::top_k", "kernels/cpu/top_k.hpp",
         {RangeArg{Dim(0), s.outer, true}, write(p.values), write(p.indices), read(l.in_dense(0)), runtime_size(s.axis), runtime_size(p.k),
          flag(largest(l.node))})
      .flops = product(l.shape(0)) * Dim(40);
  return true;
}

}  // namespace

// Attribute sorted = 0 leaves the order open: the sorted one is given.
extern const Op op = {.name = "TopK",
                      .inputs = {{"X", types::numeric}, {"K", types::int64}},
                      .min_outputs = 1,
                      .max_outputs = 2,
                      .attributes = {{"axis", AttributeKind::integer}, {"largest", AttributeKind::integer}, {"sorted", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "1, 10, 11, 24"};

}  // namespace inferc::op_TopK
