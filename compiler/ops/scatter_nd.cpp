#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/indices.hpp"
#include "compiler/ops/scatter.hpp"

namespace inferc::op_ScatterND {
namespace {

void infer(Infer& i) {
  if (!scatter::check_reduction(i)) return;
  const auto depth = i.rank(1) < 1 ? std::nullopt : i.shape(1).back().constant();
  if (!depth || *depth < 1 || *depth > i.rank(0)) {
    i.fail(fmt::format("the last dimension of indices {} must be a constant from 1 to {}", text(i.type(1)), i.rank(0)));
    return;
  }
  Shape updates(i.shape(1).begin(), i.shape(1).end() - 1);
  updates.insert(updates.end(), i.shape(0).begin() + *depth, i.shape(0).end());
  if (updates.size() != i.shape(2).size()) {
    i.fail(fmt::format("updates are {}, they must be {}", text(i.type(2)), text(Type{i.dtype(2), updates})));
    return;
  }
  for (std::size_t d = 0; d < updates.size(); ++d) (void)i.unify(updates[d], i.shape(2)[d]);
  if (indices::check_tuples(i, 1, {i.shape(0).begin(), i.shape(0).begin() + *depth})) i.out(0, i.dtype(0), i.shape(0));
}

std::int64_t depth_of(const Lower& l) { return *l.shape(1).back().constant(); }

// Sizes of the indexed dims, behind ones.
Sizes<8> constant_sizes(const Shape& sizes) {
  Sizes<8> out{};
  for (std::size_t d = 0; d < sizes.size(); ++d) out.value[d] = *sizes[d].constant();
  return out;
}
Shape indexed_dims(const Lower& l) { return {l.shape(0).begin(), l.shape(0).begin() + depth_of(l)}; }
Shape indexed_sizes(const Lower& l) {
  Shape sizes = indexed_dims(l);
  while (sizes.size() < static_cast<std::size_t>(max_rank)) sizes.insert(sizes.begin(), Dim(1));
  return sizes;
}
Dim slice_size(const Lower& l) { return product({l.shape(0).begin() + depth_of(l), l.shape(0).end()}); }
Dim slice_count(const Lower& l) { return product({l.shape(1).begin(), l.shape(1).end() - 1}); }

void lower(Lower& l) {
  indices::bound_tuples(l, 1, indexed_dims(l));
  const HostKernel kernel = scatter::by_reduction(l.node, l.type(0).dtype,
                                                  []<class F, class T>(std::type_identity<F>, std::type_identity<T>) { return host(&ref::scatter_nd<F, T>); });
  Call& c = l.reference("ref::scatter_nd", "kernels/ref/scatter.hpp", kernel,
                        {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), read(l.in_dense(2)), runtime_size(product(l.shape(0))),
                         runtime_size(slice_count(l)), runtime_size(depth_of(l)), runtime_size(slice_size(l)), SizesArg{indexed_sizes(l)}});
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = true;
}

// The numbers of the slices, where indices and sizes are known and good.
std::optional<Tensor> known_slices(const Lower& l) {
  const Tensor* indices = l.constant(1);
  const Shape sizes = indexed_sizes(l);
  if (!indices || !std::all_of(sizes.begin(), sizes.end(), [](const Dim& d) { return d.is_constant(); })) return std::nullopt;
  const auto depth = static_cast<std::size_t>(depth_of(l));
  const Sizes<8> known = constant_sizes(sizes);
  std::vector<std::int64_t> slices(indices->size() / depth);
  for (std::size_t m = 0; m < slices.size(); ++m) {
    slices[m] = ref::locate(indices->as<std::int64_t>().data() + m * depth, depth, known);
    if (slices[m] < 0) return std::nullopt;
  }
  return tensor_of<std::int64_t>({static_cast<std::int64_t>(slices.size())}, std::span<const std::int64_t>(slices));
}

bool lower_fast(Lower& l) {
  const auto slices = known_slices(l);
  if (!slices) indices::bound_tuples(l, 1, indexed_dims(l));
  std::vector<Arg> args{write(l.out_dense()),
                        read(l.in_dense(0)),
                        read(slices ? l.weight(*slices, {}, 1) : l.in_dense(1)),
                        read(l.in_dense(2)),
                        runtime_size(product(l.shape(0))),
                        runtime_size(slice_count(l))};
  if (!slices) args.push_back(runtime_size(depth_of(l)));
  args.push_back(runtime_size(slice_size(l)));
  if (!slices) args.push_back(SizesArg{indexed_sizes(l)});
  Call& c = l.fast(slices ? "cpu::scatter_rows" : "cpu::scatter_nd", "kernels/cpu/scatter.hpp", std::move(args));
  c.template_args = {scatter::functor(l.node)};
  c.may_fault = !slices;
  c.in_place = {{0, 1}};
  return true;
}

}  // namespace

extern const Op op = {
    .name = "ScatterND",
    .inputs = {{"data", types::all, Port::Arity::required, 'T'}, {"indices", types::int64}, {"updates", types::all, Port::Arity::required, 'T'}},
    .attributes = {{"reduction", AttributeKind::string}},
    .infer = infer,
    .lower = lower,
    .lower_fast = lower_fast,
    .versions = "11, 13, 16, 18"};

}  // namespace inferc::op_ScatterND
