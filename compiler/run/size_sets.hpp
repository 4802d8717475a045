#pragma once
#include <functional>
#include <vector>

#include "compiler/run/signature.hpp"

namespace inferc {

// Sizes of the symbols at which a model is worth trying.
struct SizeSets {
  std::vector<SymbolValues> tried;
  SymbolValues left_out;  // symbols with an upper bound that costs too much, with that bound
};

// Of each symbol none, one, a few, one in the middle, the bounds; 33 stands for a missing upper bound. All at once and each
// alone with the others at their largest. `affordable` says which sizes may be tried: upper bounds are halved until
// it holds.
[[nodiscard]] SizeSets size_sets(const Signature& signature, const std::function<bool(const SymbolValues&)>& affordable);

}  // namespace inferc
