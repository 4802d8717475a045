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

// The index over the shape of the map: it varies along its own axes alone.
Operand index_view(const PickedRows& picked, const Shape& shape) {
  Operand view = picked.index;
  view.strides.insert(view.strides.begin(), picked.axis, Dim(0));
  view.strides.resize(shape.size(), Dim(0));
  view.shape = shape;
  return view;
}

// The operands over the shape of `out`, itself first; behind picked rows what picks them.
std::vector<Operand> views_of(const std::vector<MapOperand>& operands, const Operand& out) {
  std::vector<Operand> all{out};
  for (const MapOperand& v : operands) {
    all.push_back(broadcast_view(v.operand, out.shape));
    if (v.picked) all.push_back(index_view(*v.picked, out.shape));
  }
  return all;
}

Arg argument(const MapOperand& v, std::vector<Operand>::const_iterator& view) {
  const Operand& own = *view++;
  if (!v.picked) return StridedArg{own, Access::read};
  const auto& [table, index, axis] = *v.picked;
  return GatheredArg{table, index, own.strides, (view++)->strides, table.strides[axis], table.shape[axis]};
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

MapOperand picked_operand(PickedRows picked, const Shape& shape) {
  Operand view = picked.table;
  const auto axis = view.strides.begin() + static_cast<std::ptrdiff_t>(picked.axis);
  view.strides.insert(view.strides.erase(axis), picked.index.shape.size(), Dim(0));
  view.shape = shape;
  return {std::move(view), std::move(picked)};
}

bool finds_rows(const std::vector<MapOperand>& operands, const Operand& out) {
  const std::vector<Operand> all = collapse(views_of(operands, out));
  std::size_t next = 1;
  for (const MapOperand& v : operands) {
    next += v.picked ? 2 : 1;
    if (v.picked && (all[0].rank() < 2 || !all[next - 1].strides.back().is(0))) return false;
  }
  return true;
}

void check_index(Lower& l, const Operand& index, const Dim& rows) {
  l.bound_indices(index, Dim(0) - rows, rows - Dim(1));
  l.fast("cpu::check_indices", "kernels/cpu/gathered.hpp", {read(index), runtime_size(index.size()), runtime_size(rows)}).may_fault = true;
}

Call& emit_map(Lower& l, const Expr& expr, const std::vector<Operand>& operands, const Operand& out) {
  std::vector<MapOperand> all;
  for (const Operand& v : operands) all.push_back({.operand = v});
  return emit_map(l, expr, all, out);
}

Call& emit_map(Lower& l, const Expr& expr, const std::vector<MapOperand>& operands, const Operand& out) {
  const std::vector<Operand> all = collapse(views_of(operands, out));
  const Shape& shape = all[0].shape;
  std::vector<Arg> args;
  args.push_back(RangeArg{Dim(0), shape[0], shape.size() > 1 || !specialised(shape[0])});
  if (shape.size() > 1) {
    args.push_back(SizesArg{Shape(shape.begin() + 1, shape.end() - 1)});
    args.push_back(specialised(shape.back()) ? size(shape.back()) : runtime_size(shape.back()));
  }
  const std::size_t first = args.size();
  args.push_back(StridedArg{all[0], Access::write});
  auto view = all.begin() + 1;
  for (const MapOperand& v : operands) args.push_back(argument(v, view));
  Call& c = l.fast("cpu::map", "kernels/cpu/map.hpp", std::move(args));
  c.template_args = {std::make_shared<const Expr>(expr)};
  for (std::size_t k = 0; k < operands.size(); ++k)
    if (!operands[k].picked) c.in_place.emplace_back(first, first + 1 + k);
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
  std::vector<Arg> args;
  if (shape.size() > 1) args = {RangeArg{Dim(0), shape[0], true}, SizesArg{Shape(shape.begin() + 1, shape.end() - 1)}};
  args.insert(args.end(), {runtime_size(shape.back()), StridedArg{both[0], Access::write}, StridedArg{both[1], Access::read}});
  l.fast("cpu::copy", "kernels/cpu/copy.hpp", std::move(args));
}

}  // namespace inferc
