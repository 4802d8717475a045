#include "compiler/ops/cosine_window.hpp"

#include <fmt/format.h>

#include "compiler/ops/content.hpp"
#include "compiler/ops/format.hpp"
#include "kernels/ref/cosine_window.hpp"

namespace inferc::cosine_window {

void infer(Infer& i) {
  const auto size = i.known(0) ? i.content(0) : i.declared(0);
  if (!size || (!i.known(0) && !content::has_elements(i, 0, 1))) return;
  if (size->size() != 1) {
    i.fail("input 'size' must be a scalar");
    return;
  }
  if (content::negative(i.symbols(), (*size)[0])) {
    i.fail(fmt::format("the size is {}", (*size)[0].text()));
    return;
  }
  const std::int64_t stated = i.node.attr_int("output_datatype", 1);
  const auto dtype = dtype_from_onnx(static_cast<int>(stated));
  if (!dtype || !(types::numeric | types::halves).has(*dtype))
    i.fail(fmt::format("output_datatype {} is not supported", dtype ? std::string(name(*dtype)) : std::to_string(stated)));
  else i.out(0, *dtype, {(*size)[0]});
}

void lower(Lower& l, double a, double b, double c) {
  content::guard_sizes(l, 0, l.out_type().shape);
  const HostKernel kernel = by_dtype(l.out_type().dtype, NumericTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::cosine_window<T>); });
  l.reference("ref::cosine_window", "kernels/ref/cosine_window.hpp", kernel,
              {write(l.out_dense()), runtime_size(l.out_type().shape[0]), flag(l.node.attr_int("periodic", 1) != 0), real64(a), real64(b), real64(c)});
}

Op op(std::string_view name, void (*lower)(Lower&)) {
  return {.name = name,
          .inputs = {{"size", types::index}},
          .attributes = {{"output_datatype", AttributeKind::integer}, {"periodic", AttributeKind::integer}},
          .infer = infer,
          .lower = lower,
          .versions = "17"};
}

}  // namespace inferc::cosine_window
