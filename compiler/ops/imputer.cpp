#include <fmt/format.h>

#include <cmath>

#include "compiler/ops/scores.hpp"

namespace inferc::op_Imputer {
namespace {

using Reals = std::vector<float>;
using Integers = std::vector<std::int64_t>;

bool on_integers(DType t) { return types::integers.has(t); }

// One value for all features, or one for each.
void infer(Infer& i) {
  const std::size_t reals = i.node.attr("imputed_value_floats", Reals()).size(), integers = i.node.attr("imputed_value_int64s", Integers()).size();
  const bool whole = on_integers(i.dtype(0));
  if ((whole ? integers : reals) == 0 || (whole ? reals : integers) != 0) {
    i.fail(fmt::format("X is {}, it needs attribute '{}' alone", text(i.type(0)), whole ? "imputed_value_int64s" : "imputed_value_floats"));
    return;
  }
  if (i.rank(0) < 1 || i.rank(0) > 2) {
    i.fail(fmt::format("X is {}, [rows, features] is supported", text(i.type(0))), "put a Reshape before it");
    return;
  }
  if (reals + integers > 1) static_cast<void>(i.unify(Dim(static_cast<std::int64_t>(reals + integers)), i.shape(0).back()));
  i.out(0, i.dtype(0), i.shape(0));
}

// Where x is the replaced value (NaN is NaN) the imputed one, else x.
bool expand(Expand& e) {
  const DType t = e.type(0).dtype;
  const Integers whole = e.node.attr("imputed_value_int64s", Integers());
  const Reals reals = e.node.attr("imputed_value_floats", Reals());
  const float replaced = e.node.attr("replaced_value_float", 0.0f);
  Value* value = e.cast(on_integers(t) ? e.integers(whole) : e.reals(reals, {static_cast<std::int64_t>(reals.size())}), t);
  Value* is = nullptr;
  if (on_integers(t)) is = e("Equal", {e.in(0), e.cast(e.integers({e.node.attr_int("replaced_value_int64", 0)}), t)});
  else if (std::isnan(replaced)) is = e("IsNaN", {e.in(0)});
  else is = e("Equal", {e.in(0), e.real(static_cast<double>(replaced), t)});
  e.give(0, e("Where", {is, value, e.in(0)}));
  return true;
}

}  // namespace

extern const Op op = {.name = "Imputer",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = {{"imputed_value_floats", AttributeKind::reals},
                                     {"imputed_value_int64s", AttributeKind::integers},
                                     {"replaced_value_float", AttributeKind::real},
                                     {"replaced_value_int64", AttributeKind::integer}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_Imputer
