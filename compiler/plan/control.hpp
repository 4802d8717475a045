#pragma once
#include <functional>

#include "compiler/ops/op.hpp"

namespace inferc {

// Lowers the nodes of a region's graph into the builder; their operands outside have their places by then.
using LowerNodes = std::function<void(const Graph&)>;

[[nodiscard]] bool is_control(const Node& node);

// Calls of control flow have these kernels, which are no functions:
// branch: args are {condition}; the first body runs where it holds, else the second.
// loop: args are {iteration, condition[, trip count]}; the body runs while the condition holds and trips are left, and
// leaves the next condition in its place.
inline constexpr std::string_view branch_kernel = "branch", loop_kernel = "loop";
// The symbol that stands for the number of a loop's iteration in operands of its body; it holds a '.', as no symbol of a
// model does.
[[nodiscard]] std::string iteration_symbol(const Call& loop);

// An If or Loop as one Call whose bodies hold the calls of its regions. Captures are read where they are; branches write
// the node's outputs; values that a loop carries live in the outputs' places, where its body puts the new ones once it
// has read all old ones; what it collects is written row by row.
void lower_control(const Node& node, Builder& builder, Lower::Placement& placed, const LowerNodes& lower_nodes);

}  // namespace inferc
