#include <fmt/format.h>

#include "compiler/ops/op.hpp"
#include "kernels/ref/nonzero.hpp"

namespace inferc::op_GroupRows {
namespace {

// One element per row; the rows are shared out among the masks, so that the numbers add up to all rows at most.
void infer(Infer& i) {
  Dim left = i.rank(0) == 1 ? i.shape(0)[0] : Dim(0);
  for (std::size_t k = 0; k < i.node.inputs.size(); ++k) {
    if (i.rank(k) != 1 || i.symbols().decide_equal(i.shape(k)[0], i.shape(0)[0]) == false) {
      i.fail(fmt::format("mask {} is {}, it must have one element per row", k, text(i.type(k))));
      return;
    }
    const Dim count = i.measured(k, k, 0, left);
    i.out(k, DType::int64, {count});
    left = left - count;
  }
}

void lower(Lower& l) {
  for (std::size_t k = 0; k < l.node.inputs.size(); ++k) {
    const Operand mask = l.in_dense(k);
    const Dim rows = l.shape(k)[0];
    const HostKernel counting = by_dtype(mask.dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::count_nonzero<T>); });
    l.reference("ref::count_nonzero", "kernels/ref/nonzero.hpp", counting, {read(mask), runtime_size(rows)}).measures = l.node.measures[k];
    const HostKernel kernel = by_dtype(mask.dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::nonzero<T>); });
    SizesArg shape{Shape(static_cast<std::size_t>(max_rank), Dim(1))};
    shape.sizes.back() = rows;
    l.reference("ref::nonzero", "kernels/ref/nonzero.hpp", kernel,
                {write(l.out_dense(k)), read(mask), std::move(shape), runtime_size(Dim(1)), runtime_size(l.out_type(k).shape[0])})
        .may_fault = true;
  }
}

}  // namespace

// Of masks of which at most one is not zero in each row: the numbers of the rows where it is not, in order, for each mask.
extern const Op op = {
    .name = "GroupRows", .domain = "inferc", .inputs = {{"masks", types::all, Port::Arity::variadic}}, .max_outputs = 1 << 20, .infer = infer, .lower = lower};

}  // namespace inferc::op_GroupRows
