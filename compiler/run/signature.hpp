#pragma once
#include <span>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"
#include "compiler/ir/symbols.hpp"
#include "compiler/ir/tensor.hpp"
#include "compiler/plan/told_sizes.hpp"

namespace inferc {

struct NamedType {
  std::string name;
  Type type;
};

// What a model takes and gives. `symbols` holds the sizes of Dims in their order, then the measured ones.
struct Signature {
  std::vector<NamedType> inputs, outputs;
  Symbols symbols;
  std::vector<ToldSize> told;
};

// The value of every symbol of Dims that makes the shapes of `inputs` (one for each port, in order) fit, and the elements that
// repeat sizes. Another symbol takes its value from `given`, or its only possible value. Throws UserError with every problem: wrong
// element types, ranks and sizes, symbols without a value, values that contradict each other or leave their bounds.
[[nodiscard]] SymbolValues resolve_symbols(const Signature& signature, std::span<const Tensor> inputs, const SymbolValues& given = {});

// The values of symbols that make the shapes of `tensors` fit, as far as they tell.
[[nodiscard]] SymbolValues symbols_of(std::span<const NamedType> ports, std::span<const Tensor> tensors);

// The values as the array `dims` of the C twin.
[[nodiscard]] std::vector<std::size_t> dims_of(const Signature& signature, const SymbolValues& values);

// The shape of a port for these values.
[[nodiscard]] std::vector<std::int64_t> shape_of(const NamedType& port, const SymbolValues& values);

}  // namespace inferc
