#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"

namespace inferc {
namespace {

// What a float truncates to is in range where the float is, with one more on each side.
constexpr std::string_view index_functions = R"(
  template <class As, class T>
  constexpr bool index_fits(T x, std::int64_t low, std::int64_t high) noexcept {
    if constexpr (static_cast<T>(0.5) != T{0} && static_cast<T>(2) != static_cast<T>(1))
      return static_cast<double>(x) > static_cast<double>(low) - 1 && static_cast<double>(x) < static_cast<double>(high) + 1;
    else
      return static_cast<std::int64_t>(static_cast<As>(x)) >= low && static_cast<std::int64_t>(static_cast<As>(x)) <= high;
  }

  // Whether all indices of a strided window are in [low, high].
  template <class As, std::size_t Rank, class T>
  bool indices_fit(const T* at, const std::size_t* shape, const std::ptrdiff_t* strides, std::int64_t low, std::int64_t high) noexcept {
    if constexpr (Rank == 0) {
      return index_fits<As>(*at, low, high);
    } else {
      const std::size_t n = strides[0] == 0 && shape[0] > 1 ? 1 : shape[0];
      bool good = true;
      for (std::size_t i = 0; i < n; ++i)
        good = indices_fit<As, Rank - 1>(at + static_cast<std::ptrdiff_t>(i) * strides[0], shape + 1, strides + 1, low, high) && good;
      return good;
    }
  }
  )";

std::string check_one(const IndexBound& b, std::size_t input, const Names& names) {
  std::string shape, strides;
  for (std::size_t d = 0; d < b.indices.shape.size(); ++d) {
    shape += names.size(b.indices.shape[d]) + ", ";
    strides += "static_cast<std::ptrdiff_t>(" + names.size(b.indices.strides[d]) + "), ";
  }
  return fmt::format(
      "{{\n  const std::size_t shape[] = {{{}0}};\n  const std::ptrdiff_t strides[] = {{{}0}};\n"
      "  if (!indices_fit<{}, {}>(static_cast<const {}*>(in[{}].data) + static_cast<std::ptrdiff_t>({}), shape, strides, "
      "static_cast<std::int64_t>({}), static_cast<std::int64_t>({})))\n    return offender = {}, Status::index_out_of_range;  // {}\n}}\n",
      shape, strides, cpp_type(b.as), b.indices.shape.size(), cpp_type(b.indices.dtype), input, names.size(b.indices.offset), names.size(b.low),
      names.size(b.high), input, names.inputs[input]);
}

}  // namespace

std::string emit_index_check(const Program& p, const Names& names) {
  if (p.index_bounds.empty()) return {};
  std::string checks;
  for (const IndexBound& b : p.index_bounds) checks += check_one(b, p.buffers[b.indices.buffer.index].index, names);
  return fill(R"(
    $functions$
    // Indices that the caller gives; the buffers are known to be long enough.
    Status check_indices([[maybe_unused]] const std::size_t* dims, const detail::In* in, std::size_t& offender) noexcept {
      $locals$
      $checks$
      return Status::ok;
    }
    )",
              {{"functions", fill(index_functions)}, {"locals", names.locals("dims", "std::size_t", true) + names.stride_locals("dims")}, {"checks", checks}});
}

}  // namespace inferc
