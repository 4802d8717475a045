#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

// Gives the elements of its first operand another shape or order.
bool rearranges(const Node& n) {
  constexpr std::string_view names[] = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Identity"};
  for (const std::string_view name : names)
    if (n.is(name)) return true;
  return n.is("View", "inferc");
}

// A cast that keeps or wraps integers; of floats only to types that hold every index.
bool casts_indices(const Node& n) {
  if (!n.is("Cast")) return false;
  const DType from = n.in(0)->type->dtype, to = n.out()->type->dtype;
  if (from == DType::float32 || from == DType::float64) return to == DType::int32 || to == DType::int64;
  return (is_integer(from) || from == DType::boolean) && is_integer(to) && bit_width(from) >= 8 && bit_width(to) >= 8;
}

bool narrows(DType from, DType to) { return is_float(from) || bit_width(to) < bit_width(from) || is_signed(from) != is_signed(to); }

}  // namespace

// Walks from the operand to the input of the model: through views (the same buffer), and from the result of a cast or
// rearrangement to what it read, where both are dense. Two casts that change values are one too many.
void Lower::bound_indices(std::size_t i, Operand window, const Dim& low, const Dim& high) {
  std::optional<DType> as;
  for (const Value* v = node.in(i); builder_.buffers()[window.buffer.index].space != Space::input;) {
    const Node* n = v->producer;
    const auto written = placed_.find(v), source = n && n->in(0) ? placed_.find(n->in(0)) : placed_.end();
    if (!n || written == placed_.end() || source == placed_.end()) return;
    const Operand &to = written->second, &from = source->second;
    v = n->in(0);
    if (n->is("Concat")) return;
    if (from.buffer == to.buffer) continue;
    const bool cast = casts_indices(*n), whole = is_dense(window) && window.size() == to.size() && window.buffer == to.buffer;
    if (cast && as && narrows(from.dtype, to.dtype)) return;
    if (cast && narrows(from.dtype, to.dtype)) as = to.dtype;
    if ((cast || rearranges(*n)) && whole) {
      window = from;
    } else if (cast && is_dense(to) && is_dense(from)) {
      window.offset = window.offset - to.offset + from.offset;
      window.buffer = from.buffer;
      window.dtype = from.dtype;
    } else {
      return;
    }
  }
  builder_.bound({std::move(window), as.value_or(DType::int64), low, high});
}

}  // namespace inferc
