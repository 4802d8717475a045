#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/pad_given.hpp"

namespace inferc::op_Pad {
namespace {

std::string mode_of(const Node& n) { return n.attr("mode", std::string("constant")); }

struct Pads {
  std::vector<Dim> before, after;
};

std::optional<Pads> pads_of(Infer& i) {
  const auto pads = i.content(1);
  if (!pads) internal_error(address(i.node) + ": the pads are not known");
  const auto rank = static_cast<std::size_t>(i.rank(0));
  std::vector<std::int64_t> axes;
  for (std::size_t d = 0; d < rank; ++d) axes.push_back(static_cast<std::int64_t>(d));
  if (i.has(3)) {
    const auto given = i.integers(3);
    if (!given) return std::nullopt;
    axes = *given;
  }
  if (pads->size() != 2 * axes.size()) return i.fail(fmt::format("{} pads for {} axes", pads->size(), axes.size())), std::nullopt;
  Pads out{std::vector<Dim>(rank, 0), std::vector<Dim>(rank, 0)};
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const auto axis = i.axis(axes[k], i.rank(0));
    if (!axis) return std::nullopt;
    out.before[*axis] = (*pads)[k];
    out.after[*axis] = (*pads)[k + axes.size()];
  }
  return out;
}

// What a mode needs of a padded dim: an element to repeat; reflections stay inside.
bool fits(Infer& i, const Dim& n, const Dim& before, const Dim& after) {
  const std::string mode = mode_of(i.node);
  if (mode == "constant" || (before.is(0) && after.is(0))) return true;
  const Symbols& s = i.symbols();
  if (mode != "reflect") return s.provably_le(1, n) || (before.is_constant() && *before.constant() <= 0 && after.is_constant() && *after.constant() <= 0);
  return s.provably_le(before + 1, n) && s.provably_le(after + 1, n);
}

template <class At>  // Infer or Lower
bool reads_pads(const At& at) {
  return !at.known(1) || !at.known(3);
}

// Pads or axes that are read at run time.
void infer_declared(Infer& i) {
  auto out = i.declared(i.known(1) ? 3 : 1);
  if (!out) return;
  if (out->size() != i.shape(0).size()) content::refuse_declared(i, *out);
  const Dim axes = i.has(3) ? product(i.shape(3)) : Dim(i.rank(0));
  static_cast<void>(i.unify(product(i.shape(1)), Dim(2) * axes));
  i.out(0, i.dtype(0), std::move(*out));
}

void infer(Infer& i) {
  const std::string mode = mode_of(i.node);
  if (mode != "constant" && mode != "reflect" && mode != "edge" && mode != "wrap") {
    i.fail(fmt::format("mode '{}' is not known", escape(mode)), "constant, reflect, edge and wrap are");
    return;
  }
  if (i.has(2) && !product(i.shape(2)).is(1)) {
    i.fail(fmt::format("input 'constant_value' is {}, it must be a scalar", text(i.type(2))));
    return;
  }
  if (reads_pads(i)) return infer_declared(i);
  const auto pads = pads_of(i);
  if (!pads) return;
  Shape out;
  for (std::size_t d = 0; d < pads->before.size(); ++d) {
    const Dim &n = i.shape(0)[d], &before = pads->before[d], &after = pads->after[d];
    out.push_back(n + before + after);
    if (content::negative(i.symbols(), out.back())) i.fail(fmt::format("dimension {} becomes {}", d, out.back().text()));
    else if (!fits(i, n, before, after))
      i.fail(fmt::format("mode {} cannot pad dimension {} of size {} by {} and {}", mode, d, n.text(), before.text(), after.text()));
    else if (!i.symbols().provably_le(0, out.back()))
      i.fail(fmt::format("dimension {} becomes {}, which may be negative", d, out.back().text()), "bound the symbol with --dim SYM=LO..HI");
  }
  i.out(0, i.dtype(0), std::move(out));
}

std::int64_t mode_number(const Node& n) {
  constexpr std::string_view modes[] = {"constant", "reflect", "edge", "wrap"};
  return std::find(std::begin(modes), std::end(modes), mode_of(n)) - std::begin(modes);
}

Operand filler(Lower& l) { return l.has(2) ? l.in_dense(2) : l.weight(Tensor(l.type(0).dtype, {})); }

Tensor all_axes(std::int64_t rank) {
  Tensor t(DType::int64, {rank});
  for (std::int64_t d = 0; d < rank; ++d) t.as<std::int64_t>()[static_cast<std::size_t>(d)] = d;
  return t;
}

void lower_given(Lower& l) {
  const Operand axes = l.has(3) ? l.in_dense(3) : l.weight(all_axes(l.type(0).rank()));
  const Arg pads = read(l.in_dense(1)), count = runtime_size(axes.size()), rank = runtime_size(Dim(l.type(0).rank())), mode = integer(mode_number(l.node));
  l.guard("ref::pad_fits", by_dtype(axes.dtype, IndexTypes{}, []<class A>(std::type_identity<A>) { return host(&ref::pad_fits<A>); }),
          {pads, read(axes), count, guarded_shape(l.shape(0)), rank, guarded_shape(l.out_type().shape), mode});
  const HostKernel kernel = by_width(l.type(0).dtype, [&]<class T>(std::type_identity<T>) {
    return by_dtype(axes.dtype, IndexTypes{}, []<class A>(std::type_identity<A>) { return host(&ref::pad_given<T, A, max_rank>); });
  });
  l.reference("ref::pad_given", "kernels/ref/pad_given.hpp", kernel,
              {write_view(l.out()), read_view(l.in(0)), read(filler(l)), pads, read(axes), count, rank, mode})
      .may_fault = true;
}

void lower(Lower& l) {
  if (reads_pads(l)) return lower_given(l);
  Diagnostics none;
  Infer again(const_cast<Node&>(l.node), none);
  const auto pads = pads_of(again);
  if (!pads) internal_error(address(l.node) + ": its pads are not known any more");
  std::vector<Dim> before = pads->before;
  while (before.size() < static_cast<std::size_t>(max_rank)) before.insert(before.begin(), Dim(0));
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::pad<T, max_rank>); });
  l.reference("ref::pad", "kernels/ref/pad.hpp", kernel,
              {write_view(l.out()), read_view(l.in(0)), read(filler(l)), SizesArg{before}, integer(mode_number(l.node))});
}

}  // namespace

extern const Op op = {.name = "Pad",
                      .inputs = {{"data", types::any, Port::Arity::required, 'T'},
                                 {"pads", types::int64},
                                 {"constant_value", types::any, Port::Arity::optional, 'T'},
                                 {"axes", types::index, Port::Arity::optional}},
                      .attributes = {{"mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "2, 11, 13, 18, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Pad
