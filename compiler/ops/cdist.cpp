#include <fmt/format.h>

#include "compiler/ops/microsoft.hpp"

namespace inferc::op_CDist {
namespace {

std::string metric_of(const Node& n) { return n.attr("metric", std::string("sqeuclidean")); }

void infer(Infer& i) {
  if (const std::string metric = metric_of(i.node); metric != "sqeuclidean" && metric != "euclidean")
    i.fail(fmt::format("metric '{}' is not supported", escape(metric)), "euclidean, sqeuclidean");
  else if (i.rank(0) != 2 || i.rank(1) != 2) i.fail(fmt::format("A is {} and B is {}, both must be of rank 2", text(i.type(0)), text(i.type(1))));
  else static_cast<void>(i.unify(i.shape(0)[1], i.shape(1)[1]));
}

// The distance of each row of A from each of B: the sum of (a - b)^2, which near points do not cancel in.
bool expand(Expand& e) {
  Value* apart = e("Sub", {e("Unsqueeze", {e.in(0), e.integers({1})}), e("Unsqueeze", {e.in(1), e.integers({0})})});
  Value* squares = e("ReduceSumSquare", {apart, e.integers({2})}, {{"keepdims", std::int64_t{0}}});
  e.give(0, metric_of(e.node) == "euclidean" ? e("Sqrt", {squares}) : squares);
  return true;
}

}  // namespace

extern const Op op = {.name = "CDist",
                      .domain = "com.microsoft",
                      .inputs = {{"A", types::floats, Port::Arity::required, 'T'}, {"B", types::floats, Port::Arity::required, 'T'}},
                      .attributes = {{"metric", AttributeKind::string}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_CDist
