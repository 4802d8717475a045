#include <deque>

#include "compiler/ops/format.hpp"
#include "compiler/ops/user_op.hpp"

namespace inferc {

#define INFERC_OP(id)   \
  namespace op_##id {   \
    extern const Op op; \
  }
#include "compiler/ops/list.def"
#undef INFERC_OP

namespace {

// What is computed with float32 and float64 is computed with the halves: halves.hpp.
Op with_halves(Op op) {
  for (Port& p : op.inputs)
    if (p.types.has(DType::float32) && p.types.has(DType::float64)) p.types = p.types | types::halves;
  return op;
}

}  // namespace

const std::vector<const Op*>& all_ops() {
  static const std::deque<Op> ops = {
#define INFERC_OP(id) with_halves(op_##id::op),
#include "compiler/ops/list.def"
#undef INFERC_OP
  };
  static const auto all = [] {
    std::vector<const Op*> out;
    for (const Op& op : ops) out.push_back(&op);
    return out;
  }();
  return all;
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
