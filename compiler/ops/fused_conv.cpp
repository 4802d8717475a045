#include "compiler/ops/microsoft.hpp"

namespace inferc::op_FusedConv {
namespace {

bool expand(Expand& e) {
  std::vector<Value*> operands(e.node.inputs.begin(), e.node.inputs.begin() + std::min<std::ptrdiff_t>(3, std::ssize(e.node.inputs)));
  Value* y = e("Conv", operands, microsoft::kept(e.node, {"auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"}));
  if (e.has(3)) y = e("Add", {y, e.in(3)});
  e.give(0, microsoft::activated(e, y, e.node.attr("activation_params", std::vector<float>())));
  return true;
}

}  // namespace

extern const Op op = {
    .name = "FusedConv",
    .domain = "com.microsoft",
    .inputs = {{"X", types::floats}, {"W", types::floats}, {"B", types::floats, Port::Arity::optional}, {"Z", types::floats, Port::Arity::optional}},
    .attributes = {{"activation", AttributeKind::string},
                   {"activation_params", AttributeKind::reals},
                   {"auto_pad", AttributeKind::string},
                   {"dilations", AttributeKind::integers},
                   {"group", AttributeKind::integer},
                   {"kernel_shape", AttributeKind::integers},
                   {"pads", AttributeKind::integers},
                   {"strides", AttributeKind::integers}},
    .infer = microsoft::infer_activation,
    .expand = expand,
    .versions = "1"};

}  // namespace inferc::op_FusedConv
