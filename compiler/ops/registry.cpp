#include "compiler/ops/op.hpp"
#include "compiler/ops/user_op.hpp"

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
  if (domain == "ai.onnx") domain = "";
  const auto at = index.find({domain, name});
  return at == index.end() ? find_defined_op(name, domain) : at->second;
}

}  // namespace inferc
