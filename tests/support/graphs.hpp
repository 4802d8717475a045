#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "compiler/ir/graph.hpp"

namespace inferc::test {

// Parsed, every type inferred, verified.
[[nodiscard]] std::unique_ptr<Graph> typed_graph(std::string_view text);

// Text with values numbered in order and without names, origins and opsets: equal for equal graphs.
[[nodiscard]] std::string normal_form(const Graph& graph);

// The nodes of the compiler's own operator `op`.
[[nodiscard]] int count(const Graph& graph, std::string_view op);

// `before` becomes `after` (types may be left out but for inputs) and the pass says that it changed something.
void expect_rewrite(bool (*pass)(Graph&), std::string_view before, std::string_view after);
// The pass leaves `graph` as it is and says so.
void expect_unchanged(bool (*pass)(Graph&), std::string_view graph);

}  // namespace inferc::test
