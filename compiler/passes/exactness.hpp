#pragma once
#include <optional>
#include <string>
#include <vector>

#include "compiler/ir/graph.hpp"

namespace inferc {

// How the results of a quantised network are defined. E: every value between the first quantiser and the outputs is an integer times a
// power of two, exactly. L: so but for functions of single quantised values, which are tables. T: a sum or a scale in float32 lies
// between quantisers, or before an output.
struct Exactness {
  enum class Class : char { exact = 'E', table = 'L', rounded = 'T' };
  Class kind = Class::exact;
  std::string reason;                        // the node that is why it is not E, and where it leaves the grid
  std::vector<std::optional<double>> steps;  // of each output, where it is on a grid
};

// Of a graph as imported, with types; nothing where no value of it is quantised.
[[nodiscard]] std::optional<Exactness> exactness_of(const Graph& graph);

}  // namespace inferc
