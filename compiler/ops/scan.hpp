#pragma once
#include "compiler/ops/op.hpp"

namespace inferc {

// How a Scan that was inferred reads its operands: carried values first, then those that are scanned row by row; its outputs
// are the carried values and what it collects.
struct ScanForm {
  explicit ScanForm(const Node& n);
  const Region* body;
  std::size_t scanned, carried = 0, collected = 0;
  [[nodiscard]] static std::size_t input_axis(const Node& n, std::size_t k, std::size_t rank);
  [[nodiscard]] static std::size_t output_axis(const Node& n, std::size_t k, std::size_t rank);
  [[nodiscard]] static bool input_reversed(const Node& n, std::size_t k);
  [[nodiscard]] static bool output_reversed(const Node& n, std::size_t k);
};

}  // namespace inferc
