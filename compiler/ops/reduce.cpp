#include "compiler/ops/reduce.hpp"

namespace inferc::reduction {

std::vector<bool> reduced(const Node& node, int rank, const std::optional<std::vector<std::int64_t>>& axes) {
  const bool none = !axes || axes->empty();
  std::vector<bool> out(static_cast<std::size_t>(rank), none && node.attr_int("noop_with_empty_axes", 0) == 0);
  if (!none)
    for (const std::int64_t a : *axes) out[static_cast<std::size_t>(a < 0 ? a + rank : a)] = true;
  return out;
}

void infer(Infer& i) {
  std::optional<std::vector<std::int64_t>> axes;
  if (i.has(1)) {
    axes = i.integers(1);
    if (!axes) return;
    for (const std::int64_t a : *axes)
      if (!i.axis(a, i.rank(0))) return;
  }
  const std::vector<bool> gone = reduced(i.node, i.rank(0), axes);
  const bool keep = i.node.attr_int("keepdims", 1) != 0;
  Shape out;
  for (std::size_t d = 0; d < gone.size(); ++d) {
    if (!gone[d]) out.push_back(i.shape(0)[d]);
    else if (keep) out.emplace_back(1);
  }
  i.out(0, i.dtype(0), std::move(out));
}

Operand keep_dims(const Operand& out, const std::vector<bool>& reduced) {
  if (out.shape.size() == reduced.size()) return out;
  Operand kept = out;
  for (std::size_t d = 0; d < reduced.size(); ++d) {
    if (!reduced[d]) continue;
    kept.shape.insert(kept.shape.begin() + static_cast<std::ptrdiff_t>(d), Dim(1));
    kept.strides.insert(kept.strides.begin() + static_cast<std::ptrdiff_t>(d), Dim(0));
  }
  return kept;
}

Operand keep_dims(Lower& l) {
  std::optional<std::vector<std::int64_t>> axes;
  if (l.has(1)) {
    axes.emplace();
    for (const Dim& d : l.content(1)) axes->push_back(*d.constant());
  }
  return keep_dims(l.out(), reduced(l.node, l.type(0).rank(), axes));
}

Op op(std::string_view name, TypeSet types, void (*lower)(Lower&), std::string_view versions) {
  return {.name = name,
          .inputs = {{"data", types}, {"axes", types::int64, Port::Arity::optional}},
          .attributes = {{"keepdims", AttributeKind::integer}, {"noop_with_empty_axes", AttributeKind::integer}},
          .infer = infer,
          .lower = lower,
          .versions = versions};
}

}  // namespace inferc::reduction
