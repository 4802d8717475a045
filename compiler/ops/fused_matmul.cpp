#include <numeric>

#include "compiler/ops/microsoft.hpp"

namespace inferc::op_FusedMatMul {
namespace {

// Operand `k` with its last two axes exchanged if attribute `key` says so; vectors stay.
Value* turned(Expand& e, std::size_t k, const char* key) {
  const int rank = e.type(k).rank();
  if (e.node.attr_int(key, 0) == 0 || rank < 2) return e.in(k);
  std::vector<std::int64_t> permutation(static_cast<std::size_t>(rank));
  std::iota(permutation.begin(), permutation.end(), 0);
  std::swap(permutation[permutation.size() - 1], permutation[permutation.size() - 2]);
  return e("Transpose", {e.in(k)}, {{"perm", permutation}});
}

void infer(Infer& i) {
  if (i.node.attr_int("transBatchA", 0) != 0 || i.node.attr_int("transBatchB", 0) != 0)
    i.fail("transBatchA and transBatchB are not supported", "put a Transpose before it");
}

bool expand(Expand& e) {
  Value* y = e("MatMul", {turned(e, 0, "transA"), turned(e, 1, "transB")});
  const float alpha = e.node.attr("alpha", 1.0f);
  e.give(0, alpha == 1.0f ? y : e("Mul", {y, e.real(static_cast<double>(alpha), y->type->dtype)}));
  return true;
}

}  // namespace

extern const Op op = {.name = "FusedMatMul",
                      .domain = "com.microsoft",
                      .inputs = {{"A", types::floats}, {"B", types::floats}},
                      .attributes = {{"alpha", AttributeKind::real},
                                     {"transA", AttributeKind::integer},
                                     {"transB", AttributeKind::integer},
                                     {"transBatchA", AttributeKind::integer},
                                     {"transBatchB", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_FusedMatMul
