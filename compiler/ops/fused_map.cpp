#include "compiler/ops/fused_map.hpp"

#include <algorithm>

namespace inferc {
namespace {

void drop_dim(Operand& v, std::size_t d) {
  v.shape.erase(v.shape.begin() + static_cast<std::ptrdiff_t>(d));
  v.strides.erase(v.strides.begin() + static_cast<std::ptrdiff_t>(d));
}

void drop_dims_of_one(std::vector<Operand>& operands) {
  for (std::size_t d = operands[0].shape.size(); d-- > 0;)
    if (operands[0].shape[d].is(1))
      for (Operand& v : operands) drop_dim(v, d);
}

// How well dim d serves as the innermost: operands with step 1 or 0 there, the written one counted twice.
int contiguous(const std::vector<Operand>& operands, std::size_t d) {
  int score = operands[0].strides[d].is(1) ? 1 : 0;
  for (const Operand& v : operands) score += v.strides[d].is(1) || v.strides[d].is(0) ? 1 : 0;
  return score;
}

void order_dims(std::vector<Operand>& operands) {
  const std::size_t rank = operands[0].shape.size();
  if (rank < 2) return;
  std::size_t best = rank - 1;
  for (std::size_t d = rank - 1; d-- > 0;)
    if (contiguous(operands, d) > contiguous(operands, best)) best = d;
  const auto move_last = [best](auto& list) {
    std::rotate(list.begin() + static_cast<std::ptrdiff_t>(best), list.begin() + static_cast<std::ptrdiff_t>(best) + 1, list.end());
  };
  for (Operand& v : operands) move_last(v.shape), move_last(v.strides);
}

void join_dims(std::vector<Operand>& operands) {
  for (std::size_t d = operands[0].shape.size(); d-- > 1;) {
    const bool joins = std::all_of(operands.begin(), operands.end(), [d](const Operand& v) { return v.strides[d - 1] == v.strides[d] * v.shape[d]; });
    if (!joins) continue;
    for (Operand& v : operands) {
      v.shape[d - 1] = v.shape[d - 1] * v.shape[d];
      v.strides[d - 1] = v.strides[d];
      drop_dim(v, d);
    }
  }
}

// Short rows get a kernel of their own; long ones share one.
bool specialised(const Dim& d) { return d.is_constant() && *d.constant() <= 256; }

// The dim along which `from` is contiguous comes next to the last: then the last two are a transposition.
void order_transpose(Operand& to, Operand& from) {
  const std::size_t rank = to.shape.size();
  if (rank < 3 || from.strides.back().is(1)) return;
  for (std::size_t d = 0; d + 2 < rank; ++d)
    if (from.strides[d].is(1))
      for (auto* list : {&to.shape, &to.strides, &from.shape, &from.strides})
        std::rotate(list->begin() + static_cast<std::ptrdiff_t>(d), list->begin() + static_cast<std::ptrdiff_t>(d) + 1, list->end() - 1);
}

}  // namespace

std::vector<Operand> collapse(std::vector<Operand> operands) {
  drop_dims_of_one(operands);
  order_dims(operands);
  join_dims(operands);
  if (operands[0].shape.empty())
    for (Operand& v : operands) v.shape = {Dim(1)}, v.strides = {Dim(1)};
  return operands;
}

Call& emit_map(Lower& l, const Expr& expr, const std::vector<Operand>& operands, const Operand& out) {
  std::vector<Operand> all{out};
  for (const Operand& v : operands) all.push_back(broadcast_view(v, out.shape));
  all = collapse(std::move(all));
  const Shape& shape = all[0].shape;
  std::vector<Arg> args;
  args.push_back(RangeArg{Dim(0), shape[0], shape.size() > 1 || !specialised(shape[0])});
  if (shape.size() > 1) {
    args.push_back(SizesArg{Shape(shape.begin() + 1, shape.end() - 1)});
    args.push_back(specialised(shape.back()) ? size(shape.back()) : runtime_size(shape.back()));
  }
  const std::size_t first = args.size();
  args.push_back(StridedArg{all[0], Access::write});
  for (std::size_t k = 1; k < all.size(); ++k) args.push_back(StridedArg{all[k], Access::read});
  Call& c = l.fast("cpu::map", "kernels/cpu/map.hpp", std::move(args));
  c.template_args = {std::make_shared<const Expr>(expr)};
  for (std::size_t k = 1; k < all.size(); ++k) c.in_place.emplace_back(first, first + k);
  c.flops = out.size();
  return c;
}

void emit_copy(Lower& l, const Operand& to, const Operand& from) {
  std::vector<Operand> both = collapse({to, from});
  if (!both[0].strides.back().is(1)) {
    const Expr element{.functor = {}, .args = {}, .parameters = {}, .operand = 0, .result = from.dtype};
    emit_map(l, Expr{"functors::identity", {element}, {}, -1, to.dtype}, {from}, to).flops = 0;
    return;
  }
  order_transpose(both[0], both[1]);
  const Shape& shape = both[0].shape;
  l.fast("cpu::copy", "kernels/cpu/copy.hpp",
         {SizesArg{Shape(shape.begin(), shape.end() - 1)}, runtime_size(shape.back()), StridedArg{both[0], Access::write}, StridedArg{both[1], Access::read}});
}

}  // namespace inferc
