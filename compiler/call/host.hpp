#pragma once
#include <type_traits>
#include <utility>

#include "compiler/call/call.hpp"
#include "compiler/support/diagnostics.hpp"
#include "kernels/view.hpp"

// Reference kernels as host functions: constant folding, the float64 oracle and kernel tests run them in the compiler.
namespace inferc {

// Views in the compiler always have this rank, padded with leading dims of size 1.
inline constexpr int max_rank = 8;

// Throws UserError for a fault of a kernel that runs for `who`.
inline void stop_on(Fault fault, const std::string& who) {
  if (fault == Fault::none) return;
  throw UserError(who + (fault == Fault::index_out_of_range  ? ": an index is out of range"
                         : fault == Fault::division_by_zero ? ": division by zero"
                                                            : ": operands do not fit"));
}

namespace host_detail {

[[noreturn]] inline void mismatch() { internal_error("a reference kernel's parameter differs from its call's argument"); }

struct Context {
  const HostFrame& frame;
  [[nodiscard]] std::size_t size(const Dim& d) const {
    return static_cast<std::size_t>(evaluate(d, *frame.symbols));
  }
};

template <class P>
struct Convert;

template <class T>
struct Convert<T*> {
  static T* from(const Context& c, const Arg& arg) {
    const auto* p = std::get_if<PointerArg>(&arg);
    if (!p) mismatch();
    return reinterpret_cast<T*>(c.frame.address(p->operand));
  }
};

template <class T>
struct Convert<View<T, max_rank>> {
  static View<T, max_rank> from(const Context& c, const Arg& arg) {
    const auto* v = std::get_if<ViewArg>(&arg);
    if (!v || v->operand.rank() > max_rank) mismatch();
    View<T, max_rank> out{reinterpret_cast<T*>(c.frame.address(v->operand)), {}, {}};
    const int pad = max_rank - v->operand.rank();
    for (int d = 0; d < max_rank; ++d) {
      const auto at = static_cast<std::size_t>(d - pad);
      out.shape[d] = d < pad ? 1 : c.size(v->operand.shape[at]);
      out.stride[d] = d < pad ? 0 : evaluate(v->operand.strides[at], *c.frame.symbols);
    }
    return out;
  }
};

template <class T>
  requires std::is_arithmetic_v<T>
struct Convert<T> {
  static T from(const Context& c, const Arg& arg) {
    if (const auto* s = std::get_if<SizeArg>(&arg)) return static_cast<T>(c.size(s->size));
    if (const auto* s = std::get_if<RuntimeSizeArg>(&arg)) return static_cast<T>(c.size(s->size));
    const auto* s = std::get_if<ScalarArg>(&arg);
    if (!s) mismatch();
    return is_float(s->dtype) ? static_cast<T>(s->real) : static_cast<T>(s->integer);
  }
};

template <int N>
struct Convert<Sizes<N>> {
  static Sizes<N> from(const Context& c, const Arg& arg) {
    const auto* s = std::get_if<SizesArg>(&arg);
    if (!s || s->sizes.size() != static_cast<std::size_t>(N)) mismatch();
    Sizes<N> out{};
    for (int d = 0; d < N; ++d) out.value[d] = evaluate(s->sizes[static_cast<std::size_t>(d)], *c.frame.symbols);
    return out;
  }
};

template <int N>
struct Convert<Params<N>> {
  static Params<N> from(const Context&, const Arg& arg) {
    const auto* p = std::get_if<ParamsArg>(&arg);
    if (!p || p->values.size() != static_cast<std::size_t>(N)) mismatch();
    Params<N> out{};
    for (int d = 0; d < N; ++d) out.value[d] = p->values[static_cast<std::size_t>(d)];
    return out;
  }
};

template <class T>
  requires std::is_empty_v<T>
struct Convert<T> {
  static T from(const Context&, const Arg&) { return {}; }
};

template <class R, class... P, std::size_t... I>
Fault invoke(R (*kernel)(P...), const HostFrame& frame, std::index_sequence<I...>) {
  if (frame.args->size() != sizeof...(P)) mismatch();
  const Context context{frame};
  if constexpr (std::is_same_v<R, Fault>) {
    return kernel(Convert<std::remove_cvref_t<P>>::from(context, (*frame.args)[I])...);
  } else if constexpr (std::is_same_v<R, std::size_t>) {
    *frame.measured = static_cast<std::int64_t>(kernel(Convert<std::remove_cvref_t<P>>::from(context, (*frame.args)[I])...));
    return Fault::none;
  } else {
    kernel(Convert<std::remove_cvref_t<P>>::from(context, (*frame.args)[I])...);
    return Fault::none;
  }
}

}  // namespace host_detail

// The kernel as a host thunk: parameters are T*, View<T, max_rank>, sizes, scalars, Sizes<N>, empty tag types.
template <class R, class... P>
HostKernel host(R (*kernel)(P...)) {
  return [kernel](const HostFrame& frame) {
    return host_detail::invoke(kernel, frame, std::index_sequence_for<P...>{});
  };
}

template <class... T>
struct Types {};
using FloatTypes = Types<float, double>;
using SignedTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t>;
using IntegerTypes = Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t,
                           std::uint32_t, std::uint64_t>;
using NumericTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                           std::uint16_t, std::uint32_t, std::uint64_t>;
using AllTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                       std::uint16_t, std::uint32_t, std::uint64_t, bool>;
using IndexTypes = Types<std::int32_t, std::int64_t>;
using BoolType = Types<bool>;

// f(std::type_identity<T>{}) for the T of `types` that is `dtype`.
template <class... T, class F>
HostKernel by_dtype(DType dtype, Types<T...>, F f) {
  HostKernel out;
  ((dtype == dtype_of<T> ? void(out = f(std::type_identity<T>{})) : void()), ...);
  if (!out) internal_error("no reference kernel for element type " + std::string(name(dtype)));
  return out;
}

// f(std::type_identity<U>{}) for the unsigned integer U as wide as `dtype`: kernels that only move elements.
template <class F>
HostKernel by_width(DType dtype, F f) {
  switch (byte_size(dtype)) {
    case 1: return f(std::type_identity<std::uint8_t>{});
    case 2: return f(std::type_identity<std::uint16_t>{});
    case 4: return f(std::type_identity<std::uint32_t>{});
    default: return f(std::type_identity<std::uint64_t>{});
  }
}

}  // namespace inferc
