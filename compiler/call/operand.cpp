#include <algorithm>

#include "compiler/call/call.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {

std::vector<Dim> dense_strides(const Shape& shape) {
  std::vector<Dim> strides(shape.size(), Dim(1));
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

bool is_dense(const Operand& v) {
  const std::vector<Dim> dense = dense_strides(v.shape);
  for (std::size_t d = 0; d < v.shape.size(); ++d)
    if (!(v.strides[d] == dense[d]) && !v.shape[d].is(1)) return false;
  return true;
}

bool runs_backwards(const Dim& stride) {
  return std::any_of(stride.terms().begin(), stride.terms().end(), [](const Dim::Term& t) { return t.factor < 0; });
}

std::optional<Dim> row_stride(const Operand& v) {
  if (v.shape.empty()) return Dim(1);
  if (!v.strides.back().is(1) && !v.shape.back().is(1)) return std::nullopt;
  std::optional<Dim> stride, covered;
  for (std::size_t d = v.shape.size() - 1; d-- > 0;) {
    if (v.shape[d].is(1)) continue;
    if (!stride) {
      stride = v.strides[d];
      covered = v.strides[d] * v.shape[d];
    } else if (v.strides[d] == *covered) {
      covered = *covered * v.shape[d];
    } else {
      return std::nullopt;
    }
  }
  if (stride && runs_backwards(*stride)) return std::nullopt;
  return stride.value_or(v.shape.back());
}

namespace {

struct Run {
  Dim size, stride;  // `size` elements, `stride` apart
};

// Neighbouring dims that form one arithmetic progression become one run; dims of size 1 vanish.
std::vector<Run> runs(const Operand& v) {
  std::vector<Run> out;
  for (std::size_t d = 0; d < v.shape.size(); ++d) {
    if (v.shape[d].is(1)) continue;
    if (!out.empty() && out.back().stride == v.strides[d] * v.shape[d]) out.back() = {out.back().size * v.shape[d], v.strides[d]};
    else out.push_back({v.shape[d], v.strides[d]});
  }
  return out;
}

}  // namespace

std::optional<Operand> reshape_view(const Operand& v, const Shape& shape) {
  Operand out = v;
  out.shape = shape;
  if (is_dense(v) || v.size().is(0)) {
    out.strides = dense_strides(shape);
    return out;
  }
  out.strides.assign(shape.size(), Dim(1));
  const std::vector<Run> old = runs(v);
  std::size_t d = shape.size(), r = old.size();
  while (r-- > 0) {
    Dim stride = old[r].stride, left = old[r].size;
    while (!left.is(1)) {
      if (d == 0) return std::nullopt;
      const Dim& size = shape[--d];
      out.strides[d] = stride;
      if (size.is(1)) continue;
      const auto rest = size.is(0) ? std::nullopt : divided(left, size);
      if (!rest) return std::nullopt;
      stride = stride * size;
      left = *rest;
    }
  }
  while (d-- > 0)
    if (!shape[d].is(1)) return std::nullopt;
  return out;
}

Operand transpose_view(const Operand& v, const std::vector<std::int64_t>& permutation) {
  Operand out = v;
  for (std::size_t d = 0; d < permutation.size(); ++d) {
    out.shape[d] = v.shape[static_cast<std::size_t>(permutation[d])];
    out.strides[d] = v.strides[static_cast<std::size_t>(permutation[d])];
  }
  return out;
}

std::vector<std::int64_t> inverse_permutation(const std::vector<std::int64_t>& permutation) {
  std::vector<std::int64_t> out(permutation.size());
  for (std::size_t d = 0; d < permutation.size(); ++d) out[static_cast<std::size_t>(permutation[d])] = static_cast<std::int64_t>(d);
  return out;
}

Operand slice_view(const Operand& v, std::size_t axis, const Dim& begin, const Dim& size, std::int64_t step) {
  Operand out = v;
  out.offset = v.offset + begin * v.strides[axis];
  out.shape[axis] = size;
  out.strides[axis] = v.strides[axis] * Dim(step);
  return out;
}

Operand broadcast_view(const Operand& v, const Shape& shape) {
  Operand out = v;
  out.shape = shape;
  out.strides.assign(shape.size(), Dim(0));
  const std::size_t added = shape.size() - v.shape.size();
  for (std::size_t d = 0; d < v.shape.size(); ++d)
    if (!v.shape[d].is(1) || shape[added + d].is(1)) out.strides[added + d] = v.strides[d];
  return out;
}

namespace {

void append(std::vector<std::pair<const Operand*, Access>>& out, const Accessor& a, Access access) {
  out.emplace_back(&a.operand, access);
  if (a.kind == Accessor::Kind::gathered) out.emplace_back(&a.index, Access::read);
}

}  // namespace

std::vector<std::pair<const Operand*, Access>> operands(const Arg& arg) {
  std::vector<std::pair<const Operand*, Access>> out;
  if (const auto* p = std::get_if<PointerArg>(&arg)) out.emplace_back(&p->operand, p->access);
  if (const auto* v = std::get_if<ViewArg>(&arg)) out.emplace_back(&v->operand, v->access);
  if (const auto* s = std::get_if<StridedArg>(&arg)) out.emplace_back(&s->operand, s->access);
  if (const auto* g = std::get_if<GatheredArg>(&arg)) out = {{&g->table, Access::read}, {&g->index, Access::read}};
  if (const auto* a = std::get_if<AccessorArg>(&arg)) append(out, a->accessor, a->access);
  if (const auto* e = std::get_if<EpilogueArg>(&arg))
    for (const Accessor& a : e->accessors) append(out, a, Access::read);
  return out;
}

}  // namespace inferc
