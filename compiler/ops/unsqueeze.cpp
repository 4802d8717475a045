#include <fmt/format.h>

#include "compiler/ops/op.hpp"

namespace inferc {
namespace {

void infer(Infer& i) {
  const auto axes = i.integers(1);
  if (!axes) return;
  const int rank = i.rank(0) + static_cast<int>(axes->size());
  std::vector<bool> added(static_cast<std::size_t>(rank), false);
  for (const std::int64_t a : *axes) {
    const auto axis = i.axis(a, rank);
    if (!axis) return;
    if (added[*axis]) {
      i.fail(fmt::format("axis {} is given twice", a));
      return;
    }
    added[*axis] = true;
  }
  Shape out;
  std::size_t from = 0;
  for (const bool fresh : added) out.push_back(fresh ? Dim(1) : i.shape(0)[from++]);
  i.out(0, i.dtype(0), std::move(out));
  if (auto known = i.content(0)) i.out_content(0, std::move(*known));
}

void lower(Lower& l) { l.reshape(); }

}  // namespace

extern const Op op_Unsqueeze = {.name = "Unsqueeze",
                                .inputs = {{"data", types::all}, {"axes", types::int64}},
                                .infer = infer,
                                .lower = lower,
                                .versions = "1, 11, 13, 21, 23, 24, 25"};

}  // namespace inferc
