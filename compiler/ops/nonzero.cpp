#include <algorithm>
#include <cmath>

#include "compiler/ops/content.hpp"
#include "kernels/ref/nonzero.hpp"

namespace inferc::op_NonZero {
namespace {

// Whether each element of a tensor is non-zero, row-major.
std::optional<std::vector<bool>> nonzeros(const Tensor& t) {
  std::vector<bool> out(t.size());
  bool known = false;
  const auto scan = [&]<class T>(std::type_identity<T>) {
    if (t.dtype() != dtype_of<T>) return;
    for (std::size_t e = 0; e < out.size(); ++e) out[e] = t.as<T>()[e] != T{};
    known = true;
  };
  const auto scan_all = [&]<class... T>(Types<T...>) { (scan(std::type_identity<T>{}), ...); };
  scan_all(AllTypes{});
  return known ? std::optional(std::move(out)) : std::nullopt;
}

bool all_nonzero(const Tensor& t) {
  const auto elements = nonzeros(t);
  return elements && std::all_of(elements->begin(), elements->end(), [](bool e) { return e; });
}

// Through operators that keep zeros zeros and the others non-zero.
const Value* source(const Value* v) {
  for (const Node* n = v->producer; n; n = v->producer) {
    const bool to_bool = n->is("Cast") && v->type && v->type->dtype == DType::boolean;
    const bool from_integer =
        n->is("Cast") && n->in(0)->type && !is_float(n->in(0)->type->dtype) && v->type && byte_size(v->type->dtype) >= byte_size(n->in(0)->type->dtype);
    if (!n->is("Identity") && !to_bool && !from_integer) break;
    v = n->in(0);
  }
  return v;
}

// Whether every element of `v` is known to be non-zero whatever its shape.
bool everywhere_nonzero(const Value* v) {
  v = source(v);
  if (v->constant) return all_nonzero(*v->constant);
  const Node* n = v->producer;
  if (!n) return false;
  if (n->is("Expand")) return everywhere_nonzero(n->in(0));
  if (!n->is("ConstantOfShape")) return false;
  const auto value = n->attributes.find("value");
  return value != n->attributes.end() && std::holds_alternative<Tensor>(value->second) && all_nonzero(std::get<Tensor>(value->second));
}

// The elements of an n x n matrix in columns from row + k on: m (m + 1) / 2 with m = n - k for k >= 0.
Dim upper_triangle(const Symbols& symbols, const Dim& n, std::int64_t k) {
  if (k < 0) return n * n - upper_triangle(symbols, n, 1 - k);
  const Dim m = k <= 1 ? n - Dim(k) : content::max(symbols, Dim(0), n - Dim(k));
  return floor_div(m * (m + Dim(1)), Dim(2));
}

std::optional<Dim> triangle_count(const Infer& i, const Node& trilu) {
  const Shape& shape = trilu.in(0)->type->shape;
  std::int64_t k = 0;
  if (const Value* given = trilu.in(1)) {
    if (!given->constant || given->constant->dtype() != DType::int64 || given->constant->size() != 1) return std::nullopt;
    k = given->constant->as<std::int64_t>()[0];
  }
  const Dim& n = shape.back();
  if (!everywhere_nonzero(trilu.in(0)) || i.symbols().decide_equal(shape[shape.size() - 2], n) != true) return std::nullopt;
  constexpr std::int64_t reach = 1 << 30;  // of sizes
  const Dim one = upper_triangle(i.symbols(), n, std::clamp(trilu.attr_int("upper", 1) != 0 ? k : -k, -reach, reach));
  return product({shape.begin(), shape.end() - 2}) * one;
}

std::optional<Dim> count(const Infer& i) {
  const Value* v = source(i.node.in(0));
  if (v->constant) {
    if (const auto elements = nonzeros(*v->constant)) return Dim(std::count(elements->begin(), elements->end(), true));
    return std::nullopt;
  }
  if (v->content) {
    std::int64_t n = 0;
    for (const Dim& d : *v->content) {
      const auto zero = i.symbols().decide_equal(d, 0);
      if (!zero) return std::nullopt;
      n += *zero ? 0 : 1;
    }
    return Dim(n);
  }
  if (v->type && everywhere_nonzero(v)) return product(v->type->shape);
  return v->producer && v->producer->is("Trilu") ? triangle_count(i, *v->producer) : std::nullopt;
}

void infer(Infer& i) {
  const auto known = count(i);
  if (known) i.node.measures.clear();
  i.out(0, DType::int64, {Dim(i.rank(0)), known ? *known : i.measured(0, 0, 1, product(i.shape(0)))});
}

void lower(Lower& l) {
  Shape sizes = l.shape(0);
  const auto rank = static_cast<std::int64_t>(sizes.size());
  while (sizes.size() < static_cast<std::size_t>(max_rank)) sizes.insert(sizes.begin(), Dim(1));
  if (!l.node.measures.empty()) {
    const HostKernel counting = by_dtype(l.type(0).dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::count_nonzero<T>); });
    l.reference("ref::count_nonzero", "kernels/ref/nonzero.hpp", counting, {read(l.in_dense(0)), runtime_size(product(l.shape(0)))}).measures =
        l.node.measures[0];
  }
  const HostKernel kernel = by_dtype(l.type(0).dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::nonzero<T>); });
  l.reference("ref::nonzero", "kernels/ref/nonzero.hpp", kernel,
              {write(l.out_dense()), read(l.in_dense(0)), SizesArg{sizes}, runtime_size(rank), runtime_size(l.out_type().shape[1])})
      .may_fault = true;
}

}  // namespace

extern const Op op = {.name = "NonZero", .inputs = {{"X", types::all}}, .infer = infer, .lower = lower, .versions = "9, 13"};

}  // namespace inferc::op_NonZero
