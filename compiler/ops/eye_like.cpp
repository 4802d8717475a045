#include "kernels/ref/eye_like.hpp"

#include <fmt/format.h>

#include "compiler/ops/format.hpp"

namespace inferc::op_EyeLike {
namespace {

void infer(Infer& i) {
  if (i.rank(0) != 2) {
    i.fail(fmt::format("the input is {}, its rank must be 2", text(i.type(0))));
    return;
  }
  const std::int64_t stated = i.node.attr_int("dtype", 0);
  const auto named = stated == 0 ? i.dtype(0) : dtype_from_onnx(static_cast<int>(stated));
  if (!named || !(types::all | types::halves).has(*named)) {
    i.fail(fmt::format("dtype {} is not supported", named ? std::string(name(*named)) : std::to_string(stated)));
    return;
  }
  i.out(0, *named, i.shape(0));
}

void lower(Lower& l) {
  const HostKernel kernel = by_dtype(l.out_type().dtype, AllTypes{}, []<class T>(std::type_identity<T>) { return host(&ref::eye_like<T>); });
  l.reference("ref::eye_like", "kernels/ref/eye_like.hpp", kernel,
              {write(l.out_dense()), runtime_size(l.shape(0)[0]), runtime_size(l.shape(0)[1]), integer(l.node.attr_int("k", 0))});
}

}  // namespace

extern const Op op = {.name = "EyeLike",
                      .inputs = {{"input", types::all}},
                      .attributes = {{"dtype", AttributeKind::integer}, {"k", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "9, 22"};

}  // namespace inferc::op_EyeLike
