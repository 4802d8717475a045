#include <fmt/format.h>

#include "compiler/ops/elementwise.hpp"

namespace inferc::op_BitShift {
namespace {

using UnsignedTypes = Types<std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
constexpr TypeSet unsigned_integers{DType::uint8, DType::uint16, DType::uint32, DType::uint64};

std::string direction(const Node& n) { return n.attr("direction", std::string()); }

void infer(Infer& i) {
  if (direction(i.node) != "LEFT" && direction(i.node) != "RIGHT") {
    i.fail(fmt::format("attribute 'direction' is '{}'", escape(direction(i.node))), "LEFT and RIGHT are defined");
    return;
  }
  elementwise::infer<elementwise::Result::same, nullptr>(i);
}

void lower(Lower& l) {
  if (direction(l.node) == "LEFT") elementwise::lower2<functors::shift_left, UnsignedTypes, elementwise::Result::same>(l, "functors::shift_left");
  else elementwise::lower2<functors::shift_right, UnsignedTypes, elementwise::Result::same>(l, "functors::shift_right");
}

}  // namespace

extern const Op op = {.name = "BitShift",
                      .inputs = {{"X", unsigned_integers, Port::Arity::required, 'T'}, {"Y", unsigned_integers, Port::Arity::required, 'T'}},
                      .attributes = {{"direction", AttributeKind::string}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "11"};

}  // namespace inferc::op_BitShift
