#include "kernels/ref/top_k.hpp"

#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

// k <= n for all values of the symbols; a minimum is at most each of its operands.
bool fits(const Symbols& s, const Dim& k, const Dim& n) {
  if (s.provably_le(k, n)) return true;
  if (k.terms().size() != 1 || k.terms()[0].factor != 1 || k.terms()[0].atoms.size() != 1) return false;
  const Dim::Atom& a = *k.terms()[0].atoms[0];
  return a.kind == Dim::Kind::min && (fits(s, a.a, n) || fits(s, a.b, n));
}

void infer(Infer& i) {
  const auto axis = i.axis_attr(-1, i.rank(0));
  if (!axis) return;
  const auto content = i.content(1);
  if (!content || content->size() != 1) {
    i.fail(content ? "input 'K' must have one element" : "input 'K' is not known before run time",
           "export the model with k constant, or computed from the shapes of inputs");
    return;
  }
  const Dim k = content->front(), n = i.shape(0)[*axis];
  if (i.symbols().bounds(k).lower < 0) {
    i.fail(fmt::format("k is {}, it must not be negative", k.text()));
    return;
  }
  if (!fits(i.symbols(), k, n)) {
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

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1);
  const auto at = static_cast<std::size_t>(axis < 0 ? axis + l.type(0).rank() : axis);
  const Split s = split_at(l.shape(0), at);
  const Type values{l.type(0).dtype, l.shape(0)};
  Shape shape = l.shape(0);
  shape[at] = l.content(1)[0];
  const auto place = [&](std::size_t output, DType dtype) {
    return l.node.out(output) ? l.out_dense(output) : l.temporary(dtype, shape);
  };
  const HostKernel kernel = by_dtype(values.dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::top_k<T>); });
  l.reference("ref::top_k", "kernels/ref/top_k.hpp", kernel,
              {write(place(0, values.dtype)), write(place(1, DType::int64)), read(l.in_dense(0)), runtime_size(s.outer),
               runtime_size(s.axis), runtime_size(s.inner), runtime_size(shape[at]), flag(l.node.attr_int("largest", 1) != 0)})
      .flops = product(l.shape(0)) * shape[at];
}

}  // namespace

// Attribute sorted = 0 leaves the order open: the sorted one is given.
extern const Op op_TopK = {.name = "TopK",
                           .inputs = {{"X", types::numeric}, {"K", types::int64}},
                           .min_outputs = 1,
                           .max_outputs = 2,
                           .attributes = {{"axis", AttributeKind::integer},
                                          {"largest", AttributeKind::integer},
                                          {"sorted", AttributeKind::integer}},
                           .infer = infer,
                           .lower = lower,
                           .versions = "1, 10, 11, 24"};

}  // namespace inferc
