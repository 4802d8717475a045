#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"
#include "kernels/ref/tile.hpp"

namespace inferc::op_Tile {
namespace {

void infer_declared(Infer& i) {
  auto out = i.declared(1);
  if (!out || !content::has_elements(i, 1, i.shape(0).size())) return;
  for (std::size_t d = 0; d < i.shape(0).size(); ++d)
    if (out->size() != i.shape(0).size() || i.symbols().bounds(i.shape(0)[d]).lower < 1) {
      i.fail(fmt::format("{} is no input of the declared shape {}", text(i.type(0)), text(Type{i.dtype(0), *out})), "export the repeats as constants");
      return;
    }
  i.out(0, i.dtype(0), std::move(*out));
}

void infer(Infer& i) {
  const auto repeats = i.content(1);
  if (!repeats) return infer_declared(i);
  if (repeats->size() != i.shape(0).size()) {
    i.fail(fmt::format("{} repeats for an input of rank {}", repeats->size(), i.rank(0)));
    return;
  }
  Shape out;
  for (std::size_t d = 0; d < repeats->size(); ++d) {
    if (content::negative(i.symbols(), (*repeats)[d])) {
      i.fail(fmt::format("repeat {} of dimension {} is negative", (*repeats)[d].text(), d));
      return;
    }
    out.push_back(i.shape(0)[d] * (*repeats)[d]);
  }
  i.out(0, i.dtype(0), out);
  const auto shape = content::small_shape(i.shape(0));
  if (!shape) return;
  content::move(i, out, [&](const std::vector<std::size_t>& index) {
    std::size_t at = 0;
    for (std::size_t d = 0; d < index.size(); ++d) at = at * (*shape)[d] + index[d] % (*shape)[d];
    return at;
  });
}

// Only dims of size 1 are repeated: a broadcast.
bool broadcasts(const Shape& from, const Shape& to) {
  for (std::size_t d = 0; d < from.size(); ++d)
    if (!from[d].is(1) && !(from[d] == to[d])) return false;
  return true;
}

void lower(Lower& l) {
  content::guard_operand(l, 1, "ref::tile_fits", host(&ref::tile_fits<std::int64_t>), {guarded_shape(l.shape(0)), guarded_shape(l.out_type().shape)});
  if (broadcasts(l.shape(0), l.out_type().shape)) return l.view(0, broadcast_view(l.in(0), l.out_type().shape));
  const HostKernel kernel = by_width(l.type(0).dtype, []<class T>(std::type_identity<T>) { return host(&ref::tile<T, max_rank>); });
  l.reference("ref::tile", "kernels/ref/tile.hpp", kernel, {write_view(l.out()), read_view(l.in(0))});
}

}  // namespace

extern const Op op = {.name = "Tile", .inputs = {{"input", types::any}, {"repeats", types::int64}}, .infer = infer, .lower = lower, .versions = "6, 13"};

}  // namespace inferc::op_Tile
