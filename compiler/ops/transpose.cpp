#include <algorithm>
#include <numeric>

#include "compiler/ops/format.hpp"
#include "compiler/ops/op.hpp"

namespace inferc::op_Transpose {
namespace {

// Attribute perm; absent: dims reversed.
std::vector<std::int64_t> permutation(const Node& node, int rank) {
  std::vector<std::int64_t> reversed(static_cast<std::size_t>(rank));
  std::iota(reversed.rbegin(), reversed.rend(), 0);
  return node.attr("perm", reversed);
}

void infer(Infer& i) {
  const auto perm = permutation(i.node, i.rank(0));
  std::vector<std::int64_t> sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  bool valid = sorted.size() == static_cast<std::size_t>(i.rank(0));
  for (std::size_t d = 0; d < sorted.size(); ++d) valid &= sorted[d] == static_cast<std::int64_t>(d);
  if (!valid) {
    i.fail("attribute 'perm' is no permutation of the input's dimensions");
    return;
  }
  Shape out;
  for (const std::int64_t d : perm) out.push_back(i.shape(0)[static_cast<std::size_t>(d)]);
  i.out(0, i.dtype(0), std::move(out));
}

void lower(Lower& l) { l.view(0, transpose_view(l.in(0), permutation(l.node, l.type(0).rank()))); }

}  // namespace

extern const Op op = {.name = "Transpose",
                      .inputs = {{"data", types::any}},
                      .attributes = {{"perm", AttributeKind::integers}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "1, 13, 21, 23, 24, 25"};

}  // namespace inferc::op_Transpose
