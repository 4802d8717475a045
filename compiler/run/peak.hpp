#pragma once

namespace inferc {

// GFLOP/s of independent chains of float32 fused multiply-adds on this core: what no product can exceed. 0 where it is not known how
// to measure it.
[[nodiscard]] double fma_peak_gflops();

}  // namespace inferc
