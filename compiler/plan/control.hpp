#pragma once
#include <functional>
#include <string_view>

#include "compiler/ops/op.hpp"

namespace inferc {

// Lowers the nodes of a region's graph into the builder; their operands outside have their places by then.
using LowerNodes = std::function<void(const Graph&)>;

// Calls of control flow have these kernels, which are no functions:
// branch: args are {condition}; the first body runs where it holds, else the second.
// loop: args are {trip count, condition}, the count a size or an operand, either of them perhaps a literal that stands for
// none; the body runs while the condition holds and trips are left, `measures` is the iteration in it and their number behind it.
// declare: `measures` becomes the size that is the one argument; assign: it gets that size, declared before.
inline constexpr std::string_view branch_kernel = "branch", loop_kernel = "loop", declare_kernel = "declare", assign_kernel = "assign";

// An If, Loop or Scan as a Call whose bodies hold the calls of its regions. Captures are read where they are; branches write
// the node's outputs; values that a loop carries live in the outputs' places, where its body puts the new ones once it
// has read all old ones; what is scanned is read, what is collected written, row by row.
void lower_control(const Node& node, Builder& builder, Lower::Placement& placed, bool allow_fast, const LowerNodes& lower_nodes);

}  // namespace inferc
