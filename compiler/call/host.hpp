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
void stop_on(Fault fault, const std::string& who);

// Arguments as kernels take them. They throw InternalError where the argument is of another kind.
namespace host_detail {

[[noreturn]] void mismatch();
[[noreturn]] void no_kernel(DType dtype);

struct Window {
  std::byte* data;
  std::size_t shape[max_rank];
  std::ptrdiff_t stride[max_rank];
};
struct Number {
  bool is_real;
  double real;
  std::int64_t integer;
};
[[nodiscard]] std::byte* address_of(const HostFrame& frame, const Arg& arg);
[[nodiscard]] Window window_of(const HostFrame& frame, const Arg& arg);
[[nodiscard]] Number number_of(const HostFrame& frame, const Arg& arg);
void sizes_of(const HostFrame& frame, const Arg& arg, std::int64_t* out, std::size_t count);
void parameters_of(const Arg& arg, double* out, std::size_t count);

template <class P>
struct Convert;

template <class T>
struct Convert<T*> {
  static T* from(const HostFrame& frame, const Arg& arg) { return reinterpret_cast<T*>(address_of(frame, arg)); }
};

template <class T>
struct Convert<View<T, max_rank>> {
  static View<T, max_rank> from(const HostFrame& frame, const Arg& arg) {
    const Window w = window_of(frame, arg);
    View<T, max_rank> out{reinterpret_cast<T*>(w.data), {}, {}};
    for (int d = 0; d < max_rank; ++d) out.shape[d] = w.shape[d], out.stride[d] = w.stride[d];
    return out;
  }
};

template <class T>
  requires std::is_arithmetic_v<T>
struct Convert<T> {
  static T from(const HostFrame& frame, const Arg& arg) {
    const Number n = number_of(frame, arg);
    return n.is_real ? static_cast<T>(n.real) : static_cast<T>(n.integer);
  }
};

template <int N>
struct Convert<Sizes<N>> {
  static Sizes<N> from(const HostFrame& frame, const Arg& arg) {
    Sizes<N> out{};
    sizes_of(frame, arg, out.value, static_cast<std::size_t>(N));
    return out;
  }
};

template <int N>
struct Convert<Params<N>> {
  static Params<N> from(const HostFrame&, const Arg& arg) {
    Params<N> out{};
    parameters_of(arg, out.value, static_cast<std::size_t>(N));
    return out;
  }
};

template <class T>
  requires std::is_empty_v<T>
struct Convert<T> {
  static T from(const HostFrame&, const Arg&) { return {}; }
};

template <class R, class... P, std::size_t... I>
Fault invoke(R (*kernel)(P...), const HostFrame& frame, std::index_sequence<I...>) {
  if (frame.args->size() != sizeof...(P)) mismatch();
  if constexpr (std::is_same_v<R, Fault>) {
    return kernel(Convert<std::remove_cvref_t<P>>::from(frame, (*frame.args)[I])...);
  } else if constexpr (std::is_same_v<R, std::size_t>) {
    *frame.measured = static_cast<std::int64_t>(kernel(Convert<std::remove_cvref_t<P>>::from(frame, (*frame.args)[I])...));
    return Fault::none;
  } else {
    kernel(Convert<std::remove_cvref_t<P>>::from(frame, (*frame.args)[I])...);
    return Fault::none;
  }
}

}  // namespace host_detail

// The kernel as a host thunk: parameters are T*, View<T, max_rank>, sizes, scalars, Sizes<N>, empty tag types.
template <class R, class... P>
HostKernel host(R (*kernel)(P...)) {
  return [kernel](const HostFrame& frame) { return host_detail::invoke(kernel, frame, std::index_sequence_for<P...>{}); };
}

template <class... T>
struct Types {};
using FloatTypes = Types<float, double>;
using SignedTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t>;
using IntegerTypes = Types<std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
using NumericTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t>;
using AllTypes = Types<float, double, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t, std::uint16_t, std::uint32_t, std::uint64_t, bool>;
using IndexTypes = Types<std::int32_t, std::int64_t>;
using BoolType = Types<bool>;

// f(std::type_identity<T>{}) for the T of `types` that is `dtype`.
template <class... T, class F>
HostKernel by_dtype(DType dtype, Types<T...>, F f) {
  HostKernel out;
  ((dtype == dtype_of<T> ? void(out = f(std::type_identity<T>{})) : void()), ...);
  if (!out) host_detail::no_kernel(dtype);
  return out;
}

// f(std::type_identity<U>{}) for the unsigned integer U as wide as `dtype`: kernels that only move elements.
template <class F>
HostKernel by_width(DType dtype, F f) {
  switch (byte_size(dtype)) {
    case 1:
      return f(std::type_identity<std::uint8_t>{});
    case 2:
      return f(std::type_identity<std::uint16_t>{});
    case 4:
      return f(std::type_identity<std::uint32_t>{});
    default:
      return f(std::type_identity<std::uint64_t>{});
  }
}

}  // namespace inferc
