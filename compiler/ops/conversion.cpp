#include "compiler/ops/conversion.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"
#include "compiler/ops/fused_map.hpp"
#include "kernels/ref/map.hpp"

namespace inferc::conversion {
namespace {

using formats::Rounding;

// A size as an element of another integer type, where no bit is lost.
std::optional<Dim> converted(const Dim& d, DType to, const Symbols& symbols) {
  if (to == DType::boolean) {
    const auto zero = symbols.decide_equal(d, 0);
    return zero ? std::optional<Dim>(*zero ? 0 : 1) : std::nullopt;
  }
  const Bounds b = symbols.bounds(d);
  const bool fits = b.lower >= INT32_MIN && b.upper <= INT32_MAX;
  if (to == DType::int64 || (to == DType::int32 && fits)) return d;
  return std::nullopt;
}

// --- types that C++ has: one kernel a pair
template <class To>
HostKernel to_kernel(DType from) {
  return by_dtype(from, AllTypes{}, []<class From>(std::type_identity<From>) { return host(&ref::map1<functors::cast<To>, To, From, max_rank, 0>); });
}

// --- others: one loop, called with the conversion of one element
using One = void (*)(std::byte* to, const std::byte* from);

template <class From, class To, bool saturate, Rounding mode>
void one(std::byte* to, const std::byte* from) {
  *reinterpret_cast<formats::Stored<To>*>(to) = functors::convert<From, To, saturate, mode>::apply(*reinterpret_cast<const formats::Stored<From>*>(from));
}

struct Manner {
  bool saturate = false;
  Rounding mode = Rounding::nearest;
};

// Only 8-bit floats saturate, only powers of two round in other ways.
Manner manner(const Node& n) {
  const DType to = n.out()->type->dtype;
  const bool power = to == DType::float8e8m0, saturates = power || types::eight_bit_floats.has(to);
  const std::string mode = n.attr("round_mode", std::string("up"));
  return {saturates && n.attr_int("saturate", 1) != 0, !power           ? Rounding::nearest
                                                       : mode == "up"   ? Rounding::up
                                                       : mode == "down" ? Rounding::down
                                                                        : Rounding::nearest_up};
}

template <class From, class To>
One one_of(const Manner& m) {
  if constexpr (std::is_same_v<To, formats::float8e8m0>) {
    switch (m.mode) {
      case Rounding::up:
        return m.saturate ? &one<From, To, true, Rounding::up> : &one<From, To, false, Rounding::up>;
      case Rounding::down:
        return m.saturate ? &one<From, To, true, Rounding::down> : &one<From, To, false, Rounding::down>;
      default:
        return m.saturate ? &one<From, To, true, Rounding::nearest_up> : &one<From, To, false, Rounding::nearest_up>;
    }
  } else {
    return m.saturate ? &one<From, To, true, Rounding::nearest> : &one<From, To, false, Rounding::nearest>;
  }
}

HostKernel element_by_element(DType from, DType to, const Manner& m) {
  const One f = by_format(
      from, [&]<class From>(std::type_identity<From>) { return by_format(to, [&]<class To>(std::type_identity<To>) { return one_of<From, To>(m); }); });
  return by_width(to, [&]<class O>(std::type_identity<O>) {
    return by_width(from, [&]<class I>(std::type_identity<I>) {
      return HostKernel([f](const HostFrame& frame) {
        const auto out = host_detail::Convert<View<O, max_rank>>::from(frame, (*frame.args)[0]);
        const auto in = host_detail::Convert<View<const I, max_rank>>::from(frame, (*frame.args)[1]);
        for_each_index<max_rank>(out.shape,
                                 [&](const auto& i) { f(reinterpret_cast<std::byte*>(&at(out, i)), reinterpret_cast<const std::byte*>(&at(in, i))); });
        return Fault::none;
      });
    });
  });
}

std::string_view spelled(Rounding mode) {
  return mode == Rounding::up ? "up" : mode == Rounding::down ? "down" : mode == Rounding::nearest_up ? "nearest_up" : "nearest";
}

}  // namespace

void infer(Infer& i, DType to) {
  const std::string mode = i.node.attr("round_mode", std::string("up"));
  if (mode != "up" && mode != "down" && mode != "nearest") {
    i.fail(fmt::format("round_mode '{}' is not defined, 'up', 'down' and 'nearest' are", escape(mode)));
    return;
  }
  i.out(0, to, i.shape(0));
  const auto known = i.content(0);
  if (!known) return;
  std::vector<Dim> out;
  for (const Dim& d : *known) {
    const auto value = converted(d, to, i.symbols());
    if (!value) return;
    out.push_back(*value);
  }
  i.out_content(0, std::move(out));
}

std::string functor(const Node& n) {
  const DType from = n.in(0)->type->dtype, to = n.out()->type->dtype;
  if (is_native(from) && is_native(to)) return "functors::cast<" + std::string(cpp_type(to)) + ">";
  const Manner m = manner(n);
  if (!m.saturate && m.mode == Rounding::nearest) return fmt::format("functors::convert<{}, {}>", format(from), format(to));
  return fmt::format("functors::convert<{}, {}, {}, formats::Rounding::{}>", format(from), format(to), m.saturate, spelled(m.mode));
}

bool lower_fast(Lower& l) {
  const DType from = l.type(0).dtype, to = l.out_type().dtype;
  if (from == to) return l.view(0, l.in(0)), true;
  const Expr operand{.functor = {}, .args = {}, .parameters = {}, .operand = 0, .result = from};
  const Operand y = l.out(), x = l.in(0);
  emit_map(l, Expr{.functor = functor(l.node), .args = {operand}, .parameters = {}, .operand = -1, .result = to}, {x}, y);
  return true;
}

void lower(Lower& l) {
  const DType from = l.type(0).dtype, to = l.out_type().dtype;
  if (from == to) return l.view(0, l.in(0));
  const HostKernel kernel = is_native(from) && is_native(to) ? by_dtype(to, AllTypes{}, [&]<class To>(std::type_identity<To>) { return to_kernel<To>(from); })
                                                             : element_by_element(from, to, manner(l.node));
  Call& c = l.reference("ref::map1", "kernels/ref/map.hpp", kernel, {write_view(l.out()), read_view(l.in(0)), ParamsArg{{}}});
  c.template_args = {functor(l.node)};
}

}  // namespace inferc::conversion
