#include "kernels/ref/rotary.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/heads.hpp"

namespace inferc::op_RotaryEmbedding {
namespace {

constexpr TypeSet element_types = types::halves | TypeSet{DType::float32};

void infer(Infer& i) {
  const auto x = heads_shape(i, 0, "num_heads");
  if (!x) return;
  const std::int64_t stated = i.node.attr_int("rotary_embedding_dim", 0);
  const auto half = divided(stated == 0 ? (*x)[3] : Dim(stated), 2);
  if (!half || !i.symbols().provably_le(Dim(2) * *half, (*x)[3])) {
    i.fail(fmt::format("the rotated size must be even and at most the head size {}", (*x)[3].text()));
    return;
  }
  const int rank = i.has(3) ? 2 : 3;
  for (std::size_t k = 1; k < 3; ++k) {
    if (i.rank(k) != rank) {
      i.fail(fmt::format("the caches have ranks {} and {}, {} is defined here", i.rank(1), i.rank(2), rank));
      return;
    }
    static_cast<void>(i.unify(i.shape(k).back(), *half));
    if (rank == 3) static_cast<void>(i.unify(i.shape(k)[1], (*x)[2]));
    if (rank == 3 && !i.shape(k)[0].is(1)) static_cast<void>(i.unify(i.shape(k)[0], (*x)[0]));
    if (i.failed()) return;
  }
  static_cast<void>(i.unify(i.shape(1)[0], i.shape(2)[0]));
  if (i.has(3) && i.rank(3) != 2) {
    i.fail(fmt::format("position_ids has rank {}, 2 is defined", i.rank(3)));
    return;
  }
  if (i.has(3)) {
    static_cast<void>(i.unify(i.shape(3)[0], (*x)[0]));
    static_cast<void>(i.unify(i.shape(3)[1], (*x)[2]));
  }
  i.out(0, i.dtype(0), i.shape(0));
}

void lower(Lower& l) {
  const std::int64_t heads = l.node.attr_int("num_heads", 0);
  if (l.has(3)) l.bound_indices(l.in(3), Dim(0), l.shape(1)[0] - Dim(1));
  const Operand x = heads_view(l, l.in(0), heads), y = heads_view(l, l.out_dense(), heads);
  const auto cache = [&](std::size_t k) {
    Operand v = l.in(k);
    if (v.rank() == 3) return broadcast_view(v, {x.shape[0], v.shape[1], v.shape[2]});
    v.shape.insert(v.shape.begin(), Dim(1));
    v.strides.insert(v.strides.begin(), Dim(0));
    return v;
  };
  const HostKernel kernel =
      l.has(3) ? host(&ref::rotary_embedding<const std::int64_t*, max_rank, max_rank>) : host(&ref::rotary_embedding<ref::OwnPositions, max_rank, max_rank>);
  Call& c =
      l.reference("ref::rotary_embedding", "kernels/ref/rotary.hpp", kernel,
                  {write_view(y), read_view(x), read_view(cache(1)), read_view(cache(2)), l.has(3) ? read(l.in_dense(3)) : Arg(TypeArg{"ref::OwnPositions{}"}),
                   runtime_size(l.shape(1).back()), flag(l.node.attr_int("interleaved", 0) != 0)});
  c.may_fault = true;
  c.flops = Dim(3) * x.size();
}

}  // namespace

extern const Op op = {
    .name = "RotaryEmbedding",
    .inputs = {{"X", element_types, Port::Arity::required, 'T'},
               {"cos_cache", element_types, Port::Arity::required, 'T'},
               {"sin_cache", element_types, Port::Arity::required, 'T'},
               {"position_ids", types::int64, Port::Arity::optional}},
    .attributes = {{"interleaved", AttributeKind::integer}, {"num_heads", AttributeKind::integer}, {"rotary_embedding_dim", AttributeKind::integer}},
    .infer = infer,
    .lower = lower,
    .versions = "23"};

}  // namespace inferc::op_RotaryEmbedding
