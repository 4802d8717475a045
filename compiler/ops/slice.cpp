#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/slice.hpp"

namespace inferc::op_Slice {
namespace {

struct Window {
  Dim begin, size;
  std::int64_t step = 1;
};

// A start or end as an index in [low, high]; negative ones count from the end.
std::optional<Dim> bounded(const Symbols& symbols, Dim index, const Dim& n, const Dim& low, const Dim& high) {
  constexpr std::int64_t largest = std::int64_t{1} << 41;  // beyond every size
  const std::int64_t beyond = n.is_constant() ? largest : unbounded;
  if (index.is_constant() && *index.constant() >= beyond) return high;
  if (index.is_constant() && *index.constant() <= -beyond) return low;
  if (content::negative(symbols, index)) index = index + n;
  else if (!content::nonnegative(symbols, index)) return std::nullopt;
  return content::max(symbols, low, content::min(symbols, index, high));
}

std::optional<Window> window(const Symbols& symbols, const Dim& start, const Dim& end, std::int64_t step, const Dim& n) {
  const Dim low = step > 0 ? 0 : -1, high = step > 0 ? n : n - 1;
  const auto from = bounded(symbols, start, n, step > 0 ? Dim(0) : low, high), to = bounded(symbols, end, n, low, high);
  if (!from || !to) return std::nullopt;
  // An end is at most n, so a start beyond n gives no elements with or without its own bound.
  const Dim first = step > 0 && content::nonnegative(symbols, start) ? start : *from;
  const Dim distance = step > 0 ? *to - first : first - *to;
  const std::int64_t stride = step > 0 ? step : -step;
  Dim size = content::max(symbols, 0, ceil_div(distance, stride));
  if (step < 0) size = content::min(symbols, size, n);  // of no elements
  return Window{content::max(symbols, 0, *from), size, step};
}

// The windows of all axes; the others are whole. Nothing after an error (reported by `fail`).
template <class Fail>
std::optional<std::vector<Window>> windows(const Symbols& symbols, const Shape& shape, const std::vector<Dim>& starts, const std::vector<Dim>& ends,
                                           const std::vector<std::int64_t>& axes, const std::vector<std::int64_t>& steps, Fail fail) {
  std::vector<Window> out;
  for (const Dim& n : shape) out.push_back({0, n, 1});
  std::vector<bool> seen(shape.size(), false);
  const auto rank = static_cast<std::int64_t>(shape.size());
  for (std::size_t k = 0; k < axes.size(); ++k) {
    if (axes[k] < -rank || axes[k] >= rank) return fail(fmt::format("axis {} is out of range for rank {}", axes[k], rank));
    const auto axis = from_front(axes[k], rank);
    if (seen[axis]) return fail(fmt::format("axis {} is given twice", axes[k]));
    seen[axis] = true;
    if (steps[k] == 0) return fail("a step is 0");
    const auto w = window(symbols, starts[k], ends[k], steps[k], shape[axis]);
    if (!w) return fail(fmt::format("the sign of start {} or end {} is not known for all sizes", starts[k].text(), ends[k].text()));
    out[axis] = *w;
  }
  return out;
}

std::vector<std::int64_t> iota(std::size_t n) {
  std::vector<std::int64_t> out;
  for (std::size_t k = 0; k < n; ++k) out.push_back(static_cast<std::int64_t>(k));
  return out;
}

std::optional<std::vector<Window>> windows_of(Infer& i) {
  const auto starts = i.content(1), ends = i.content(2);
  if (!starts || !ends) internal_error(address(i.node) + ": starts and ends are not known");
  auto axes = i.has(3) ? i.integers(3) : iota(starts->size());
  auto steps = i.has(4) ? i.integers(4) : std::vector<std::int64_t>(starts->size(), 1);
  if (!axes || !steps) return std::nullopt;
  if (starts->size() != ends->size() || starts->size() != axes->size() || starts->size() != steps->size()) {
    i.fail(fmt::format("{} starts, {} ends, {} axes and {} steps", starts->size(), ends->size(), axes->size(), steps->size()));
    return std::nullopt;
  }
  const auto fail = [&](const std::string& reason) {
    i.fail(reason);
    return std::optional<std::vector<Window>>();
  };
  return windows(i.symbols(), i.shape(0), *starts, *ends, *axes, *steps, fail);
}

// Starts, ends, axes or steps that are read at run time.
void infer_declared(Infer& i) {
  auto out = i.declared(1);
  const Dim count = product(i.shape(1));
  if (!out) return;
  if (out->size() != i.shape(0).size()) content::refuse_declared(i, *out);
  if (!count.is_constant() || *count.constant() > i.rank(0)) i.fail(fmt::format("{} starts for an input of rank {}", count.text(), i.rank(0)));
  for (std::size_t k = 2; !i.failed() && k < 5; ++k)
    if (i.has(k)) static_cast<void>(content::has_elements(i, k, static_cast<std::size_t>(*count.constant())));
  i.out(0, i.dtype(0), std::move(*out));
}

void infer(Infer& i) {
  if (checks_sizes(i.node)) return infer_declared(i);
  const auto all = windows_of(i);
  if (!all) return;
  Shape out;
  for (const Window& w : *all) out.push_back(w.size);
  i.out(0, i.dtype(0), out);
  const auto shape = content::small_shape(i.shape(0));
  for (const Window& w : *all)
    if (!w.begin.is_constant()) return;
  if (!shape) return;
  content::move(i, out, [&](const std::vector<std::size_t>& index) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d)
      at = at * static_cast<std::int64_t>((*shape)[d]) + *(*all)[d].begin.constant() + (*all)[d].step * static_cast<std::int64_t>(index[d]);
    return static_cast<std::size_t>(at);
  });
}

// Operand k, or if it is omitted what it then stands for.
Operand given(Lower& l, std::size_t k, std::size_t count) {
  if (l.has(k)) return l.in_dense(k);
  Tensor t(l.type(1).dtype, {static_cast<std::int64_t>(count)});
  for (std::size_t e = 0; e < count; ++e) {
    const std::int64_t value = k == 3 ? static_cast<std::int64_t>(e) : 1;
    if (t.dtype() == DType::int64) t.as<std::int64_t>()[e] = value;
    else t.as<std::int32_t>()[e] = static_cast<std::int32_t>(value);
  }
  return l.weight(std::move(t));
}

void lower_given(Lower& l) {
  const Dim size = product(l.shape(1));
  const auto count = static_cast<std::size_t>(*size.constant());
  const std::vector<Arg> operands{read(l.in_dense(1)), read(l.in_dense(2)), read(given(l, 3, count)), read(given(l, 4, count)), runtime_size(size)};
  const Arg rank = runtime_size(Dim(l.type(0).rank()));
  std::vector<Arg> check = operands, args{write_view(l.out()), read_view(l.in(0))};
  check.insert(check.end(), {guarded_shape(l.shape(0)), rank, guarded_shape(l.out_type().shape)});
  l.guard("ref::slice_fits", by_dtype(l.type(1).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::slice_fits<I>); }), check);
  args.insert(args.end(), operands.begin(), operands.end());
  args.push_back(rank);
  const HostKernel kernel = by_width(l.type(0).dtype, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(1).dtype, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::slice<T, I, max_rank>); });
  });
  l.reference("ref::slice", "kernels/ref/slice.hpp", kernel, std::move(args)).may_fault = true;
}

void lower(Lower& l) {
  if (checks_sizes(l.node)) return lower_given(l);
  Diagnostics none;
  Infer again(const_cast<Node&>(l.node), none);
  const auto all = windows_of(again);
  if (!all) internal_error(address(l.node) + ": its windows are not known any more");
  Operand view = l.in(0);
  for (std::size_t d = 0; d < all->size(); ++d) view = slice_view(view, d, (*all)[d].begin, (*all)[d].size, (*all)[d].step);
  l.view(0, view);
}

}  // namespace

extern const Op op = {.name = "Slice",
                      .inputs = {{"data", types::any},
                                 {"starts", types::index, Port::Arity::required, 'I'},
                                 {"ends", types::index, Port::Arity::required, 'I'},
                                 {"axes", types::index, Port::Arity::optional, 'I'},
                                 {"steps", types::index, Port::Arity::optional, 'I'}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 10, 11, 13"};

}  // namespace inferc::op_Slice
