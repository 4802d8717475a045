#include "kernels/ref/tensor_scatter.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/indices.hpp"

namespace inferc::op_TensorScatter {
namespace {

std::string mode(const Node& n) { return n.attr("mode", std::string("linear")); }

void infer(Infer& i) {
  if (mode(i.node) != "linear" && mode(i.node) != "circular") {
    i.fail(fmt::format("mode '{}' is not defined", escape(mode(i.node))), "linear and circular are");
    return;
  }
  const auto axis = i.axis_attr(-2, i.rank(0));
  if (!axis) return;
  if (*axis == 0 || i.rank(1) != i.rank(0) || (i.has(2) && i.rank(2) != 1)) {
    i.fail(fmt::format("past_cache is {}, update is {}, axis is {}: equal ranks and an axis behind the batch are defined", text(i.type(0)), text(i.type(1)),
                       *axis));
    return;
  }
  const Shape &cache = i.shape(0), &update = i.shape(1);
  for (std::size_t d = 0; d < cache.size(); ++d)
    if (d != *axis) static_cast<void>(i.unify(cache[d], update[d]));
  if (i.has(2)) static_cast<void>(i.unify(i.shape(2)[0], cache[0]));
  if (!indices::at_most(i, update[*axis], cache[*axis]))
    i.fail(fmt::format("update has {} entries, which exceed the cache of {}", update[*axis].text(), cache[*axis].text()));
  i.out(0, i.dtype(0), cache);
}

void lower(Lower& l) {
  const std::int64_t stated = l.node.attr_int("axis", -2);
  const auto axis = from_front(stated, l.type(0).rank());
  const Shape& cache = l.shape(0);
  const Split s = split_at(cache, axis);
  const Dim steps = l.shape(1)[axis], outer = product({cache.begin() + 1, cache.begin() + static_cast<std::ptrdiff_t>(axis)});
  const bool circular = mode(l.node) == "circular";
  if (l.has(2) && !circular) l.bound_indices(l.in(2), Dim(0), s.axis - steps);
  const HostKernel kernel = by_width(l.type(0).dtype, [&]<class T>(std::type_identity<T>) {
    return l.has(2) ? host(&ref::tensor_scatter<T, const std::int64_t*>) : host(&ref::tensor_scatter<T, ref::Constantly<0>>);
  });
  l.reference("ref::tensor_scatter", "kernels/ref/tensor_scatter.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(1)), l.has(2) ? read(l.in_dense(2)) : Arg(TypeArg{"ref::Constantly<0>{}"}),
               runtime_size(cache[0]), runtime_size(outer), runtime_size(s.axis), runtime_size(steps), runtime_size(s.inner), flag(circular)})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "TensorScatter",
                      .inputs = {{"past_cache", types::any, Port::Arity::required, 'T'},
                                 {"update", types::any, Port::Arity::required, 'T'},
                                 {"write_indices", types::int64, Port::Arity::optional}},
                      .attributes = {{"axis", AttributeKind::integer}, {"mode", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "24"};

}  // namespace inferc::op_TensorScatter
