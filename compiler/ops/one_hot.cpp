#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/halves.hpp"
#include "kernels/ref/one_hot.hpp"

namespace inferc::op_OneHot {
namespace {

std::optional<std::int64_t> integral(const Tensor& t) {
  std::optional<std::int64_t> out;
  const auto read = [&]<class... T>(Types<T...>) { ((t.dtype() == dtype_of<T> ? void(out = static_cast<std::int64_t>(t.as<T>()[0])) : void()), ...); };
  if (t.size() == 1) read(NumericTypes{});
  return out;
}

std::optional<Dim> depth(Infer& i, std::size_t axis) {
  if (const auto known = i.content(1); known && known->size() == 1) return (*known)[0];
  if (const auto t = content::known_tensor(i.node.in(1))) {
    if (const auto value = integral(halves::to_float32(*t))) return Dim(*value);
    return i.fail(fmt::format("input 'depth' is {}, it must be one element", text(i.type(1)))), std::nullopt;
  }
  const auto shape = i.declared(1);
  if (!shape || !content::has_elements(i, 1, 1)) return std::nullopt;
  if (shape->size() == i.shape(0).size() + 1) return (*shape)[axis];
  i.fail(fmt::format("the output is declared with rank {}, indices have {}", shape->size(), i.rank(0)));
  return std::nullopt;
}

void infer(Infer& i) {
  const auto axis = i.axis_attr(-1, i.rank(0) + 1);
  const auto n = axis ? depth(i, *axis) : std::nullopt;
  if (!n) return;
  if (content::negative(i.symbols(), *n)) {
    i.fail(fmt::format("depth is {}", n->text()));
    return;
  }
  if (i.rank(2) != 1 || !i.shape(2)[0].is(2)) {
    i.fail(fmt::format("input 'values' is {}, it must have 2 elements", text(i.type(2))));
    return;
  }
  Shape out = i.shape(0);
  out.insert(out.begin() + static_cast<std::ptrdiff_t>(*axis), *n);
  i.out(0, i.dtype(2), std::move(out));
}

void lower(Lower& l) {
  const std::int64_t axis = l.node.attr_int("axis", -1), rank = l.out_type().rank();
  const Split s = split_at(l.out_type().shape, from_front(axis, rank));
  content::guard_sizes(l, 1, {s.axis});
  const HostKernel kernel = by_width(l.out_type().dtype, [&]<class T>(std::type_identity<T>) {
    return by_dtype(l.type(0).dtype, NumericTypes{}, []<class I>(std::type_identity<I>) { return host(&ref::one_hot<T, I>); });
  });
  l.reference("ref::one_hot", "kernels/ref/one_hot.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), read(l.in_dense(2)), runtime_size(s.outer), runtime_size(s.axis), runtime_size(s.inner)});
}

}  // namespace

extern const Op op = {.name = "OneHot",
                      .inputs = {{"indices", types::numeric}, {"depth", types::numeric}, {"values", types::all}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 11"};

}  // namespace inferc::op_OneHot
