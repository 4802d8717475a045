#include "compiler/ops/product.hpp"

#include "kernels/cpu/pack.hpp"

namespace inferc {

Operand packed_weight(Lower& l, std::size_t input, bool transposed) {
  const Tensor& b = *l.constant(input);
  const std::size_t rank = b.rank();
  const auto rows = static_cast<std::size_t>(b.shape()[rank - 2]), cols = static_cast<std::size_t>(b.shape()[rank - 1]);
  const std::size_t k = transposed ? cols : rows, n = transposed ? rows : cols;
  Tensor packed(DType::float32, {static_cast<std::int64_t>(cpu::packed_size(k, n))});
  cpu::pack_panels(packed.as<float>().data(), b.as<float>().data(), k, n, transposed ? std::size_t{1} : cols,
                   transposed ? cols : std::size_t{1});
  return l.weight(std::move(packed), "panel16", input);
}

Call& gemm_call(Lower& l, const Operand& out, const Operand& a, const Operand& packed, EpilogueArg epilogue) {
  const Dim n = out.shape.back(), k = a.shape.back();
  const Dim rows = product({out.shape.begin(), out.shape.end() - 1});
  Call& c = l.fast("cpu::gemm", "kernels/cpu/gemm.hpp",
                   {range(0, rows), write(out), size(*row_stride(out)), read(a), size(*row_stride(a)), read(packed),
                    size(n), size(k), std::move(epilogue)});
  c.flops = Dim(2) * rows * n * k;
  return c;
}

}  // namespace inferc
