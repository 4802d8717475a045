#include "compiler/ops/content.hpp"
#include "compiler/ops/elementwise.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Where {
namespace {

void infer_content(Infer& i, const Shape& shape) {
  const auto condition = content::broadcast(i, 0, shape), x = content::broadcast(i, 1, shape), y = content::broadcast(i, 2, shape);
  if (!condition || !x || !y) return;
  std::vector<Dim> out;
  for (std::size_t e = 0; e < condition->size(); ++e) {
    const Dim& c = (*condition)[e];
    if (!c.is_constant() && !((*x)[e] == (*y)[e])) return;
    out.push_back(c.is(0) ? (*y)[e] : (*x)[e]);
  }
  i.out_content(0, std::move(out));
}

void infer(Infer& i) {
  const Shape shape = elementwise::broadcast_all(i);
  i.out(0, i.dtype(1), shape);
  infer_content(i, shape);
}

void lower(Lower& l) {
  const HostKernel kernel =
      by_width(l.out_type().dtype, []<class T>(std::type_identity<T>) { return host(&ref::map3<functors::where, T, bool, T, T, max_rank>); });
  Call& c = l.reference("ref::map3", "kernels/ref/map.hpp", kernel,
                        {write_view(l.out()), read_view(elementwise::broadcast_in(l, 0)), read_view(elementwise::broadcast_in(l, 1)),
                         read_view(elementwise::broadcast_in(l, 2))});
  c.template_args = {"functors::where"};
  c.in_place = {{0, 2}, {0, 3}};
}

}  // namespace

extern const Op op = {.name = "Where",
                      .inputs = {{"condition", types::boolean}, {"X", types::any, Port::Arity::required, 'T'}, {"Y", types::any, Port::Arity::required, 'T'}},
                      .infer = infer,
                      .lower = lower,
                      .elementwise = Elementwise{"functors::where"},
                      .versions = "9, 16"};

}  // namespace inferc::op_Where
