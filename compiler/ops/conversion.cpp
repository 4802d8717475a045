#include "compiler/ops/conversion.hpp"

#include "compiler/ops/fused_map.hpp"
#include "kernels/cast.hpp"
#include "kernels/ref/map.hpp"

namespace inferc::conversion {
namespace {

// A size as an element of another integer type, where no bit is lost.
std::optional<Dim> converted(const Dim& d, DType to, const Symbols& symbols) {
  if (to == DType::boolean) {
    const auto zero = symbols.decide_equal(d, 0);
    return zero ? std::optional<Dim>(*zero ? 0 : 1) : std::nullopt;
  }
  const Bounds b = symbols.bounds(d);
  const bool fits = b.lower >= INT32_MIN && b.upper <= INT32_MAX;
  if (to == DType::int64 || (to == DType::int32 && fits)) return d;
  return std::nullopt;
}

template <class To>
HostKernel to_kernel(DType from) {
  return by_dtype(from, AllTypes{}, []<class From>(std::type_identity<From>) {
    return host(&ref::map1<functors::cast<To>, To, From, max_rank, 0>);
  });
}

}  // namespace

void infer(Infer& i, DType to) {
  i.out(0, to, i.shape(0));
  const auto known = i.content(0);
  if (!known) return;
  std::vector<Dim> out;
  for (const Dim& d : *known) {
    const auto value = converted(d, to, i.symbols());
    if (!value) return;
    out.push_back(*value);
  }
  i.out_content(0, std::move(out));
}

std::string functor(const Node& n) { return "functors::cast<" + std::string(cpp_type(n.out()->type->dtype)) + ">"; }

bool lower_fast(Lower& l) {
  const DType from = l.type(0).dtype, to = l.out_type().dtype;
  if (from == to) return l.view(0, l.in(0)), true;
  const Expr operand{.functor = {}, .args = {}, .parameters = {}, .operand = 0, .result = from};
  emit_map(l, Expr{.functor = functor(l.node), .args = {operand}, .parameters = {}, .operand = -1, .result = to}, {l.in(0)}, l.out());
  return true;
}

void lower(Lower& l) {
  const DType from = l.type(0).dtype, to = l.out_type().dtype;
  if (from == to) return l.view(0, l.in(0));
  const HostKernel kernel =
      by_dtype(to, AllTypes{}, [&]<class To>(std::type_identity<To>) { return to_kernel<To>(from); });
  Call& c = l.reference("ref::map1", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(l.in(0)), ParamsArg{{}}});
  c.template_args = {functor(l.node)};
}

}  // namespace inferc::conversion
