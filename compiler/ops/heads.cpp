#include "compiler/ops/heads.hpp"

#include <fmt/format.h>

namespace inferc {

std::optional<Shape> heads_shape(Infer& i, std::size_t input, std::string_view attribute) {
  const Shape& s = i.shape(input);
  if (s.size() == 4) return s;
  if (s.size() != 3) return i.fail(fmt::format("input {} has rank {}, 3 and 4 are defined", input, s.size())), std::nullopt;
  const std::int64_t heads = i.node.attr_int(attribute, 0);
  const auto size = heads > 0 ? divided(s[2], heads) : std::nullopt;
  if (!size) return i.fail(fmt::format("attribute '{}' is {}, it must divide the last axis of size {}", attribute, heads, s[2].text())), std::nullopt;
  return Shape{s[0], Dim(heads), s[1], *size};
}

Operand heads_view(Lower& l, const Operand& v, std::int64_t heads) {
  if (v.rank() == 4) return v;
  const Shape split{v.shape[0], v.shape[1], Dim(heads), *divided(v.shape[2], heads)};
  const auto view = reshape_view(v, split);
  return transpose_view(view ? *view : *reshape_view(l.dense(v), split), {0, 2, 1, 3});
}

}  // namespace inferc
