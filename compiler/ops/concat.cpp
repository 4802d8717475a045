#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"

namespace inferc::op_Concat {
namespace {

void infer_content(Infer& i) {
  std::vector<Dim> out;
  for (std::size_t k = 0; k < i.node.inputs.size(); ++k) {
    const auto known = i.content(k);
    if (!known || i.rank(k) != 1) return;
    out.insert(out.end(), known->begin(), known->end());
  }
  i.out_content(0, std::move(out));
}

void infer(Infer& i) {
  if (!i.node.attributes.contains("axis")) {
    i.fail("attribute 'axis' is missing");
    return;
  }
  const auto axis = i.axis_attr(0, i.rank(0));
  if (!axis) return;
  Shape out = i.shape(0);
  for (std::size_t k = 1; k < i.node.inputs.size(); ++k) {
    if (i.rank(k) != i.rank(0)) {
      i.fail(fmt::format("operand {} is {}, operand 0 is {}: ranks differ", k, text(i.type(k)), text(i.type(0))));
      return;
    }
    for (std::size_t d = 0; d < out.size(); ++d) out[d] = d == *axis ? out[d] + i.shape(k)[d] : i.unify(out[d], i.shape(k)[d]);
    if (i.failed()) return;
  }
  i.out(0, i.dtype(0), std::move(out));
  infer_content(i);
}

// Operands that were written in their place of the output need no copy.
void lower(Lower& l) {
  if (l.node.inputs.size() == 1) return l.view(0, l.in(0));
  const std::int64_t axis = l.node.attr_int("axis", 0);
  const auto d = from_front(axis, l.out_type().rank());
  const Operand out = l.out();
  Dim begin(0);
  for (std::size_t k = 0; k < l.node.inputs.size(); ++k) {
    Operand from = l.in(k);
    const Operand to = slice_view(out, d, begin, l.shape(k)[d]);
    from.shape = to.shape;
    l.copy(to, from);
    begin = begin + l.shape(k)[d];
  }
}

}  // namespace

extern const Op op = {.name = "Concat",
                      .inputs = {{"inputs", types::any, Port::Arity::variadic, 'T'}},
                      .attributes = {{"axis", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "4, 11, 13"};

}  // namespace inferc::op_Concat
