#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"
#include "kernels/ref/sizes.hpp"

namespace inferc::op_Size {
namespace {

void infer(Infer& i) {
  i.out(0, DType::int64, {});
  i.out_content(0, {product(i.shape(0))});
}

void lower(Lower& l) {
  const HostKernel kernel = [](const HostFrame& f) {
    auto* out = reinterpret_cast<std::int64_t*>(f.address(std::get<PointerArg>((*f.args)[0]).operand));
    *out = evaluate(std::get<SizesArg>((*f.args)[1]).sizes[0], *f.symbols);
    return Fault::none;
  };
  l.reference("ref::sizes", "kernels/ref/sizes.hpp", kernel, {write(l.out_dense()), SizesArg{{product(l.shape(0))}}});
}

}  // namespace

extern const Op op = {.name = "Size", .inputs = {{"data", types::any}}, .infer = infer, .lower = lower, .versions = "1, 13, 19, 21, 23, 24, 25"};

}  // namespace inferc::op_Size
