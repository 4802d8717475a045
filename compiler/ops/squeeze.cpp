#include <algorithm>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc {
namespace {

// Which dims go: those of `axes`, else all that are known to be 1.
std::optional<std::vector<bool>> removed(Infer& i) {
  const Shape& shape = i.shape(0);
  std::vector<bool> out(shape.size(), false);
  if (!i.has(1)) {
    for (std::size_t d = 0; d < shape.size(); ++d) {
      const auto one = i.symbols().decide_equal(shape[d], 1);
      if (!one) {
        i.fail(fmt::format("without axes, whether dimension {} of size {} goes is not known", d, shape[d].text()),
               "fix the symbol with --dim SYM=N, or export with axes");
        return std::nullopt;
      }
      out[d] = *one;
    }
    return out;
  }
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

extern const Op op_Squeeze = {.name = "Squeeze",
                              .inputs = {{"data", types::any}, {"axes", types::int64, Port::Arity::optional}},
                              .infer = infer,
                              .lower = lower,
                              .versions = "1, 11, 13, 21, 23, 24, 25"};

}  // namespace inferc
