#include "compiler/ops/op.hpp"

namespace inferc {

#define INFERC_OP(id) extern const Op op_##id;
#include "compiler/ops/list.def"
#undef INFERC_OP

const std::vector<const Op*>& all_ops() {
  static const std::vector<const Op*> ops = {
#define INFERC_OP(id) &op_##id,
#include "compiler/ops/list.def"
#undef INFERC_OP
  };
  return ops;
}

const Op* find_op(std::string_view name, std::string_view domain) {
  static const auto index = [] {
    std::map<std::pair<std::string_view, std::string_view>, const Op*> out;
    for (const Op* op : all_ops()) out.emplace(std::pair(op->domain, op->name), op);
    return out;
  }();
  const auto at = index.find({domain == "ai.onnx" ? "" : domain, name});
  return at == index.end() ? nullptr : at->second;
}

}  // namespace inferc
