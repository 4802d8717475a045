#include <fmt/format.h>

#include "compiler/ops/scores.hpp"

namespace inferc::op_Scaler {
namespace {

using Reals = std::vector<float>;

void infer(Infer& i) {
  const std::size_t scales = i.node.attr("scale", Reals()).size(), offsets = i.node.attr("offset", Reals()).size();
  if (scales == 0 || scales != offsets) {
    i.fail(fmt::format("{} scales and {} offsets, equally many are needed", scales, offsets));
    return;
  }
  if (i.rank(0) == 0) {
    i.fail("X is a scalar", "put a Reshape before it");
    return;
  }
  if (scales > 1) static_cast<void>(i.unify(Dim(static_cast<std::int64_t>(scales)), i.shape(0).back()));
  i.out(0, DType::float32, i.shape(0));
}

// (x - offset) * scale in the type of x, integers in float32.
bool expand(Expand& e) {
  const DType t = e.type(0).dtype == DType::float64 ? DType::float64 : DType::float32;
  const auto row = [&](const char* key) {
    const Reals values = e.node.attr(key, Reals());
    return e.cast(e.reals(values, {static_cast<std::int64_t>(values.size())}), t);
  };
  Value* centred = e("Sub", {e.cast(e.in(0), t), row("offset")});
  e.give(0, e.cast(e("Mul", {centred, row("scale")}), DType::float32));
  return true;
}

}  // namespace

extern const Op op = {.name = "Scaler",
                      .domain = "ai.onnx.ml",
                      .inputs = {{"X", scores::features}},
                      .attributes = {{"offset", AttributeKind::reals}, {"scale", AttributeKind::reals}},
                      .infer = infer,
                      .expand = expand,
                      .versions = "1"};

}  // namespace inferc::op_Scaler
