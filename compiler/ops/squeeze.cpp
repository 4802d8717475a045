#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::op_Squeeze {
namespace {

// Of sizes from 0 on min(n, 1) and min(max(n - 1, 0), 1) differ for 1 alone.
void require_not_one(Infer& i, const Dim& n) { i.symbols().require_equal(min(n, 1), min(max(n - Dim(1), 0), 1), address(i.node)); }

// Dims that are known to be 1. No symbol is taken for 1: a run with that value stops.
std::vector<bool> ones(Infer& i) {
  std::vector<bool> out;
  for (const Dim& d : i.shape(0)) {
    const auto one = i.symbols().decide_equal(d, 1);
    if (!one) require_not_one(i, d);
    out.push_back(one == true);
  }
  return out;
}

// Which dims go: those of `axes`, else all that are 1.
std::optional<std::vector<bool>> removed(Infer& i) {
  if (!i.has(1)) return ones(i);
  const Shape& shape = i.shape(0);
  std::vector<bool> out(shape.size(), false);
  const auto axes = i.integers(1);
  if (!axes) return std::nullopt;
  for (const std::int64_t a : *axes) {
    const auto axis = i.axis(a, i.rank(0));
    if (!axis) return std::nullopt;
    out[*axis] = true;
    const auto one = i.symbols().decide_equal(shape[*axis], 1);
    if (one == false) {
      i.fail(fmt::format("dimension {} of {} is not 1", *axis, text(i.type(0))));
      return std::nullopt;
    }
    if (!one) i.symbols().require_equal(shape[*axis], 1, address(i.node));
  }
  return out;
}

void infer(Infer& i) {
  Shape out;
  if (i.known(1)) {
    const auto gone = removed(i);
    if (!gone) return;
    for (std::size_t d = 0; d < gone->size(); ++d)
      if (!(*gone)[d]) out.push_back(i.shape(0)[d]);
  } else {
    auto declared = i.declared(1);
    if (!declared || !content::same_size(i, i.shape(0), *declared)) return;
    out = std::move(*declared);
  }
  i.out(0, i.dtype(0), std::move(out));
  if (auto known = i.content(0); known && i.known(1)) i.out_content(0, std::move(*known));
}

void lower(Lower& l) {
  content::guard_operand(l, 1, "ref::squeeze_fits", host(&ref::squeeze_fits<std::int64_t>), content::guarded_shapes(l));
  l.reshape();
}

}  // namespace

extern const Op op = {.name = "Squeeze",
                      .inputs = {{"data", types::any}, {"axes", types::int64, Port::Arity::optional}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 11, 13, 21, 23, 24, 25"};

}  // namespace inferc::op_Squeeze
