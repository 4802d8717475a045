#include "kernels/ref/gather.hpp"
#include "compiler/ops/format.hpp"
#include "compiler/ops/indices.hpp"

namespace inferc::op_Gather {
namespace {

// Partial data: elements of a known 1-D tensor picked by known indices.
void select_content(Infer& i) {
  const auto data = i.content(0), indices = i.content(1);
  if (!data || !indices || i.rank(0) != 1) return;
  std::vector<Dim> out;
  for (const Dim& d : *indices) {
    if (!d.is_constant()) return;
    const auto n = static_cast<std::int64_t>(data->size());
    const std::int64_t at = *d.constant() < 0 ? *d.constant() + n : *d.constant();
    if (at < 0 || at >= n) {
      i.fail("index " + d.text() + " is out of range");
      return;
    }
    out.push_back((*data)[static_cast<std::size_t>(at)]);
  }
  i.out_content(0, std::move(out));
}

void infer(Infer& i) {
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis || !indices::check(i, 1, i.shape(0)[*axis])) return;
  const auto at = static_cast<std::ptrdiff_t>(*axis);
  Shape out(i.shape(0).begin(), i.shape(0).begin() + at);
  out.insert(out.end(), i.shape(1).begin(), i.shape(1).end());
  out.insert(out.end(), i.shape(0).begin() + at + 1, i.shape(0).end());
  i.out(0, i.dtype(0), std::move(out));
  select_content(i);
}

std::size_t axis_of(const Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", 0);
  return from_front(axis, l.type(0).rank());
}

// One constant index: a view.
bool view(Lower& l) {
  const Tensor* index = l.constant(1);
  if (!index || index->size() != 1) return false;
  const std::size_t axis = axis_of(l);
  const Dim n = l.shape(0)[axis], at = l.content(1)[0];
  const Dim begin = *at.constant() < 0 ? n + at : at;
  if (!l.symbols().provably_le(begin + 1, n) || !l.symbols().provably_le(0, begin)) return false;
  const auto squeezed = reshape_view(slice_view(l.in(0), axis, begin, 1), l.out_type().shape);
  if (squeezed) l.view(0, *squeezed);
  return squeezed.has_value();
}

void lower(Lower& l) {
  if (view(l)) return;
  const Split s = split_at(l.shape(0), axis_of(l));
  indices::bound(l, 1, s.axis);
  const DType index = l.type(1).dtype;
  const HostKernel kernel = by_width(l.type(0).dtype, [&]<class T>(std::type_identity<T>) {
    return by_dtype(index, IndexTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::gather<T, I>); });
  });
  l.reference("ref::gather", "kernels/ref/gather.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner),
               runtime_size(product(l.shape(1)))})
      .may_fault = true;
}

bool lower_fast(Lower& l) {
  if (view(l)) return true;
  const Split s = split_at(l.shape(0), axis_of(l));
  indices::bound(l, 1, s.axis);
  l.fast("cpu::gather", "kernels/cpu/copy.hpp",
         {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner),
          runtime_size(product(l.shape(1)))})
      .may_fault = true;
  return true;
}

}  // namespace

extern const Op op = {.name = "Gather",
                      .inputs = {{"data", types::any}, {"indices", types::index}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .lower_fast = lower_fast,
                      .versions = "1, 11, 13"};

}  // namespace inferc::op_Gather
