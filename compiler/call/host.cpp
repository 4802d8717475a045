#include "compiler/call/host.hpp"

#include "compiler/support/diagnostics.hpp"

namespace inferc {

void stop_on(Fault fault, const std::string& who) {
  if (fault == Fault::none) return;
  throw UserError(who + (fault == Fault::index_out_of_range ? ": an index is out of range"
                         : fault == Fault::division_by_zero ? ": division by zero"
                                                            : ": operands do not fit"));
}

namespace host_detail {
namespace {

template <class Kind>
const Kind& as(const Arg& arg) {
  const auto* a = std::get_if<Kind>(&arg);
  if (!a) mismatch();
  return *a;
}

}  // namespace

void mismatch() { internal_error("a reference kernel's parameter differs from its call's argument"); }
void no_kernel(DType dtype) { internal_error("no reference kernel for element type " + std::string(name(dtype))); }

std::byte* address_of(const HostFrame& frame, const Arg& arg) { return frame.address(as<PointerArg>(arg).operand); }

Window window_of(const HostFrame& frame, const Arg& arg) {
  const Operand& v = as<ViewArg>(arg).operand;
  if (v.rank() > max_rank) mismatch();
  Window out{frame.address(v), {}, {}};
  const int pad = max_rank - v.rank();
  for (int d = 0; d < max_rank; ++d) {
    const auto at = static_cast<std::size_t>(d - pad);
    out.shape[d] = d < pad ? 1 : static_cast<std::size_t>(evaluate(v.shape[at], *frame.symbols));
    out.stride[d] = d < pad ? 0 : evaluate(v.strides[at], *frame.symbols);
  }
  return out;
}

Number number_of(const HostFrame& frame, const Arg& arg) {
  if (const auto* s = std::get_if<SizeArg>(&arg)) return {false, 0, evaluate(s->size, *frame.symbols)};
  if (const auto* s = std::get_if<RuntimeSizeArg>(&arg)) return {false, 0, evaluate(s->size, *frame.symbols)};
  const auto& s = as<ScalarArg>(arg);
  return {is_float(s.dtype), s.real, s.integer};
}

void sizes_of(const HostFrame& frame, const Arg& arg, std::int64_t* out, std::size_t count) {
  const std::vector<Dim>& sizes = as<SizesArg>(arg).sizes;
  if (sizes.size() != count) mismatch();
  for (std::size_t d = 0; d < count; ++d) out[d] = evaluate(sizes[d], *frame.symbols);
}

void parameters_of(const Arg& arg, double* out, std::size_t count) {
  const std::vector<double>& values = as<ParamsArg>(arg).values;
  if (values.size() != count) mismatch();
  for (std::size_t d = 0; d < count; ++d) out[d] = values[d];
}

}  // namespace host_detail
}  // namespace inferc
