#include "compiler/ops/content.hpp"

#include <fmt/format.h>

#include "kernels/ref/shape_operand.hpp"

namespace inferc::content {

Dim min(const Symbols& symbols, const Dim& a, const Dim& b) {
  if (symbols.provably_le(a, b)) return a;
  return symbols.provably_le(b, a) ? b : inferc::min(a, b);
}

Dim max(const Symbols& symbols, const Dim& a, const Dim& b) {
  if (symbols.provably_le(b, a)) return a;
  return symbols.provably_le(a, b) ? b : inferc::max(a, b);
}

std::optional<std::vector<std::size_t>> small_shape(const Shape& shape) {
  std::vector<std::size_t> out;
  std::size_t size = 1;
  for (const Dim& d : shape) {
    if (!d.is_constant() || *d.constant() > static_cast<std::int64_t>(max_content)) return std::nullopt;
    out.push_back(static_cast<std::size_t>(*d.constant()));
    size *= out.back();
    if (size > max_content) return std::nullopt;
  }
  return out;
}

namespace {

// f(index) for each element of `shape` in row-major order.
template <class F>
void for_each(const std::vector<std::size_t>& shape, F f) {
  for (const std::size_t d : shape)
    if (d == 0) return;
  std::vector<std::size_t> index(shape.size(), 0);
  for (;;) {
    f(index);
    std::size_t d = shape.size();
    while (d > 0 && ++index[d - 1] == shape[d - 1]) index[--d] = 0;
    if (d == 0) return;
  }
}

}  // namespace

std::optional<std::vector<Dim>> broadcast(const Infer& i, std::size_t input, const Shape& shape) {
  const auto known = i.content(input);
  const auto to = small_shape(shape), from = small_shape(i.shape(input));
  if (!known || !to || !from || from->size() > to->size()) return std::nullopt;
  const std::size_t added = to->size() - from->size();
  std::vector<Dim> out;
  for_each(*to, [&](const std::vector<std::size_t>& index) {
    std::size_t at = 0;
    for (std::size_t d = 0; d < from->size(); ++d) at = at * (*from)[d] + ((*from)[d] == 1 ? 0 : index[added + d]);
    out.push_back((*known)[at]);
  });
  return out;
}

bool same_size(Infer& i, const Shape& a, const Shape& b) {
  (void)i.unify(product(a), product(b));
  return !i.failed();
}

bool has_elements(Infer& i, std::size_t operand, std::size_t count) {
  (void)i.unify(product(i.shape(operand)), Dim(static_cast<std::int64_t>(count)));
  return !i.failed();
}

bool refuse_declared(Infer& i, const Shape& declared) {
  return i.fail(fmt::format("{} cannot become the declared {}", text(i.type(0)), text(Type{i.dtype(0), declared})));
}

void guard_operand(Lower& l, std::size_t k, std::string kernel, HostKernel host, std::vector<Arg> rest) {
  if (l.known(k)) return;
  rest.insert(rest.begin(), {read(l.in_dense(k)), runtime_size(product(l.shape(k)))});
  l.guard(std::move(kernel), std::move(host), std::move(rest));
}

std::vector<Arg> guarded_shapes(const Lower& l) {
  return {guarded_shape(l.shape(0)), runtime_size(Dim(l.type(0).rank())), guarded_shape(l.out_type().shape), runtime_size(Dim(l.out_type().rank()))};
}

void guard_sizes(Lower& l, std::size_t k, const std::vector<Dim>& sizes) {
  if (l.known(k)) return;  // omitted, it has no type
  const HostKernel kernel = by_dtype(l.type(k).dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::sizes_fit<T>); });
  guard_operand(l, k, "ref::sizes_fit", kernel, {guarded_shape(sizes)});
}

std::optional<Tensor> known_tensor(const Value* v) {
  if (!v) return std::nullopt;
  if (v->constant) return v->constant;
  if (v->known) return v->known;
  const auto sizes = v->content && v->type ? small_shape(v->type->shape) : std::nullopt;
  if (!sizes) return std::nullopt;
  Tensor t(v->type->dtype, {sizes->begin(), sizes->end()});
  if (t.size() != v->content->size()) return std::nullopt;
  for (std::size_t e = 0; e < t.size(); ++e) {
    const auto value = (*v->content)[e].constant();
    if (!value) return std::nullopt;
    if (t.dtype() == DType::int64) t.as<std::int64_t>()[e] = *value;
    else if (t.dtype() == DType::int32) t.as<std::int32_t>()[e] = static_cast<std::int32_t>(*value);
    else if (t.dtype() == DType::boolean) t.as<bool>()[e] = *value != 0;
    else return std::nullopt;
  }
  return t;
}

void move(Infer& i, const Shape& out, const std::function<std::size_t(const std::vector<std::size_t>&)>& source) {
  const auto known = i.content(0);
  const auto shape = small_shape(out);
  if (!known || !shape || i.failed()) return;
  std::vector<Dim> elements;
  for_each(*shape, [&](const std::vector<std::size_t>& index) { elements.push_back((*known)[source(index)]); });
  i.out_content(0, std::move(elements));
}

}  // namespace inferc::content
