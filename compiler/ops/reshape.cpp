#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::op_Reshape {
namespace {

bool allows_zero(const Node& n) { return n.attr_int("allowzero", 0) != 0; }

// The target with 0 replaced by the input's size (unless allowzero) and -1 by what is left.
std::optional<Shape> target(Infer& i, const std::vector<Dim>& wanted) {
  const Shape& from = i.shape(0);
  const bool allow_zero = allows_zero(i.node);
  Shape out;
  std::optional<std::size_t> open;
  for (std::size_t d = 0; d < wanted.size(); ++d) {
    if (wanted[d].is(-1)) {
      if (open) return i.fail("the target shape has two -1"), std::nullopt;
      open = d;
      out.emplace_back(1);
    } else if (wanted[d].is(0) && !allow_zero) {
      if (d >= from.size()) return i.fail(fmt::format("target dimension {} is 0, the input has rank {}", d, from.size())), std::nullopt;
      out.push_back(from[d]);
    } else if (wanted[d].is_constant() && *wanted[d].constant() < 0) {
      return i.fail(fmt::format("target dimension {} is {}", d, wanted[d].text())), std::nullopt;
    } else {
      out.push_back(wanted[d]);
    }
  }
  const Dim have = product(from), rest = product(out);
  if (open) {
    const auto left = divided(have, rest);
    if (!left && have.is_constant() && rest.is_constant())
      return i.fail(fmt::format("{} elements cannot be shaped into {}", have.text(), rest.text())), std::nullopt;
    out[*open] = left ? *left : floor_div(have, rest);
    if (!left) i.symbols().require_equal(have, product(out), address(i.node));
  } else if (const auto equal = i.symbols().decide_equal(have, rest); !equal.value_or(true)) {
    return i.fail(fmt::format("{} elements cannot be shaped into {}", have.text(), rest.text())), std::nullopt;
  } else if (!equal) {
    i.symbols().require_equal(have, rest, address(i.node));
  }
  return out;
}

void infer(Infer& i) {
  const auto wanted = i.content(1);
  auto shape = wanted ? target(i, *wanted) : i.declared(1);
  if (shape && !wanted && !(content::has_elements(i, 1, shape->size()) && content::same_size(i, i.shape(0), *shape))) return;
  if (shape) {
    i.out(0, i.dtype(0), std::move(*shape));
    if (const auto content = i.content(0); content && i.known(1)) i.out_content(0, *content);
  }
}

void lower(Lower& l) {
  content::guard_operand(l, 1, "ref::reshape_fits", host(&ref::reshape_fits<std::int64_t>),
                         {guarded_shape(l.shape(0)), runtime_size(Dim(l.type(0).rank())), guarded_shape(l.out_type().shape), flag(allows_zero(l.node))});
  l.reshape();
}

}  // namespace

extern const Op op = {.name = "Reshape",
                      .inputs = {{"data", types::any}, {"shape", types::int64}},
                      .attributes = {{"allowzero", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "5, 13, 14, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Reshape
