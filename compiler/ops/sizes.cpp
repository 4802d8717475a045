#include "kernels/ref/sizes.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_Sizes {
namespace {

// Sizes known when the call is made (partial data that a kernel needs as a tensor). The type and content of the
// output are set by whoever makes the node.
void infer(Infer& i) {
  if (!i.node.out()->type) i.fail("a Sizes node has no type");
}

void lower(Lower& l) {
  const std::vector<Dim>& content = *l.node.out()->content;
  const auto kernel = [&]<class T>(std::type_identity<T>) -> HostKernel {
    return [](const HostFrame& f) {
      auto* out = reinterpret_cast<T*>(f.address(std::get<PointerArg>((*f.args)[0]).operand));
      for (const Dim& d : std::get<SizesArg>((*f.args)[1]).sizes) *out++ = static_cast<T>(evaluate(d, *f.symbols));
      return Fault::none;
    };
  };
  l.reference("ref::sizes", "kernels/ref/sizes.hpp", by_dtype(l.out_type().dtype, AllTypes{}, kernel), {write(l.out_dense()), SizesArg{content}});
}

}  // namespace

extern const Op op = {.name = "Sizes", .domain = "inferc", .inputs = {}, .attributes = {}, .infer = infer, .lower = lower};

}  // namespace inferc::op_Sizes
