#pragma once
#include <cstdint>
#include <vector>

#include "compiler/run/signature.hpp"

namespace inferc {

// Seeded inputs, the same on every machine: floats roughly normal and clipped to [-5, 5]; inputs with "mask" in their
// name all one, those with "vector" in it and one axis of 4 four-momenta (px, py, pz, E); 8-bit and narrower integers over
// their whole range; wider ones, which are mostly indices, from 0 up to 3 and below every positive symbol; bool either.
[[nodiscard]] std::vector<Tensor> sample_inputs(const Signature& signature, const SymbolValues& values, std::uint64_t seed);

}  // namespace inferc
