#include "kernels/ref/gemm.hpp"

#include <fmt/format.h>

#include "compiler/ops/epilogue.hpp"
#include "compiler/ops/product.hpp"

namespace inferc::op_Gemm {
namespace {

constexpr TypeSet element_types{DType::float32, DType::float64, DType::int32, DType::int64, DType::uint32, DType::uint64};
using ElementTypes = Types<float, double, std::int32_t, std::int64_t, std::uint32_t, std::uint64_t>;

bool transposed(const Node& n, std::string_view which) { return n.attr_int(which, 0) != 0; }

// C must broadcast to [m, n], not the other way round.
void check_c(Infer& i, const Shape& out) {
  const Shape& c = i.shape(2);
  if (c.size() > 2) {
    i.fail(fmt::format("C has rank {}, at most 2 is defined", c.size()));
    return;
  }
  for (std::size_t d = 0; d < c.size(); ++d)
    if (!c[d].is(1)) static_cast<void>(i.unify(c[d], out[out.size() - c.size() + d]));
}

void infer(Infer& i) {
  if (i.rank(0) != 2 || i.rank(1) != 2) {
    i.fail(fmt::format("A and B have ranks {} and {}, 2 is defined", i.rank(0), i.rank(1)));
    return;
  }
  const bool ta = transposed(i.node, "transA"), tb = transposed(i.node, "transB");
  static_cast<void>(i.unify(i.shape(0)[ta ? 0 : 1], i.shape(1)[tb ? 1 : 0]));
  const Shape out{i.shape(0)[ta ? 1 : 0], i.shape(1)[tb ? 0 : 1]};
  if (i.has(2)) check_c(i, out);
  i.out(0, i.dtype(0), out);
}

Operand matrix(Lower& l, std::size_t input, std::string_view which) { return transposed(l.node, which) ? transpose_view(l.in(input), {1, 0}) : l.in(input); }

void lower(Lower& l) {
  const Operand a = matrix(l, 0, "transA"), b = matrix(l, 1, "transB");
  const double alpha = l.node.attr("alpha", 1.0f), beta = l.node.attr("beta", 1.0f);
  const bool with_c = l.has(2) && beta != 0;
  const HostKernel kernel = by_dtype(l.type(0).dtype, ElementTypes{}, [&]<class T>(std::type_identity<T>) {
    return with_c ? host(&ref::gemm<T, max_rank>) : host(&ref::scaled_matmul<T, max_rank>);
  });
  std::vector<Arg> args{write_view(l.out()), read_view(a), read_view(b)};
  if (with_c) {
    args.push_back(read_view(broadcast_view(l.in(2), l.out_type().shape)));
    args.push_back(ParamsArg{{alpha, beta}});
  } else {
    args.push_back(real64(alpha));
  }
  l.reference(with_c ? "ref::gemm" : "ref::scaled_matmul", "kernels/ref/gemm.hpp", kernel, std::move(args)).flops =
      Dim(2) * product(l.out_type().shape) * a.shape[1];
}

// Constant weights B.
bool lower_fast(Lower& l) {
  if (l.type(0).dtype != DType::float32 || !l.constant(1)) return false;
  const Shape& out = l.out_type().shape;
  const auto epilogue = epilogue_of(l, out[0], out[1]);
  if (!epilogue) return false;
  const Operand a = rows_operand(l, matrix(l, 0, "transA"));
  const Operand out_rows = l.out_rows();
  gemm_call(l, out_rows, a, 1, transposed(l.node, "transB"), *epilogue);
  return true;
}

}  // namespace

extern const Op op = {
    .name = "Gemm",
    .inputs = {{"A", element_types, Port::Arity::required, 'T'},
               {"B", element_types, Port::Arity::required, 'T'},
               {"C", element_types, Port::Arity::optional, 'T'}},
    .attributes = {{"alpha", AttributeKind::real}, {"beta", AttributeKind::real}, {"transA", AttributeKind::integer}, {"transB", AttributeKind::integer}},
    .infer = infer,
    .lower = lower,
    .lower_fast = lower_fast,
    .versions = "1, 6, 7, 9, 11, 13"};

}  // namespace inferc::op_Gemm
