#include "compiler/ops/elementwise.hpp"

namespace inferc::elementwise {

Shape broadcast_all(Infer& i) {
  Shape out;
  for (std::size_t k = 0; k < i.node.inputs.size(); ++k)
    if (i.has(k)) out = i.broadcast(out, i.shape(k));
  return out;
}

void infer_as(Infer& i, Result result) {
  const Shape shape = broadcast_all(i);
  i.out(0, result == Result::boolean ? DType::boolean : i.dtype(0), shape);
}

void infer_content(Infer& i, OnDims on_dims) {
  if (!is_integer(i.dtype(0)) || i.failed()) return;
  const auto a = i.content(0), b = i.content(1);
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) return;
  std::vector<Dim> out;
  for (std::size_t k = 0; k < std::max(a->size(), b->size()); ++k) {
    const auto value = on_dims((*a)[a->size() == 1 ? 0 : k], (*b)[b->size() == 1 ? 0 : k], i.symbols());
    if (!value) return;
    out.push_back(*value);
  }
  if (a->empty() || b->empty()) out.clear();
  i.out_content(0, std::move(out));
}

Operand broadcast_in(Lower& l, std::size_t i) { return broadcast_view(l.in(i), l.out_type().shape); }

}  // namespace inferc::elementwise
