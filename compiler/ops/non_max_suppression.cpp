#include "kernels/ref/non_max_suppression.hpp"

#include <limits>

#include <fmt/format.h>

#include "compiler/ops/content.hpp"

namespace inferc::op_NonMaxSuppression {
namespace {

bool one_element(Infer& i, std::size_t input, const char* name) {
  if (!i.has(input) || product(i.shape(input)).is(1)) return true;
  return i.fail(fmt::format("{} is {}, it must have one element", name, text(i.type(input))));
}

void infer(Infer& i) {
  const bool boxes = i.rank(0) == 3 && i.shape(0)[2].is(4), scores = i.rank(1) == 3;
  if (!boxes || !scores) {
    i.fail(fmt::format("boxes are {}, scores {}", text(i.type(0)), text(i.type(1))), "boxes are [batches, boxes, 4], scores [batches, classes, boxes]");
    return;
  }
  if (!one_element(i, 2, "max_output_boxes_per_class") || !one_element(i, 3, "iou_threshold") || !one_element(i, 4, "score_threshold")) return;
  if (const std::int64_t form = i.node.attr_int("center_point_box", 0); form != 0 && form != 1) {
    i.fail(fmt::format("center_point_box is {}, it must be 0 or 1", form));
    return;
  }
  Dim most = i.unify(i.shape(1)[2], i.shape(0)[1]);
  const Dim batches = i.unify(i.shape(1)[0], i.shape(0)[0]);
  if (const auto limit = i.content(2); limit && limit->size() == 1) most = content::min(i.symbols(), most, content::max(i.symbols(), (*limit)[0], Dim(0)));
  if (!i.has(2)) most = Dim(0);
  i.out(0, DType::int64, {i.measured(0, 0, 0, batches * i.shape(1)[1] * most), Dim(3)});
}

template <class T>
Operand given_or(Lower& l, std::size_t input, T otherwise) {
  return l.has(input) ? l.in_dense(input) : l.weight(tensor_of<T>({}, std::span(&otherwise, 1)));
}

void lower(Lower& l) {
  const Shape& scores = l.shape(1);
  const Operand most = given_or<std::int64_t>(l, 2, 0), overlap = given_or(l, 3, 0.0f), least = given_or(l, 4, -std::numeric_limits<float>::infinity());
  l.reference("ref::non_max_suppression", "kernels/ref/non_max_suppression.hpp", host(&ref::non_max_suppression),
              {write(l.out_dense()), write(l.temporary(DType::uint8, {scores[2]})), read(l.in_dense(0)), read(l.in_dense(1)), read(most), read(overlap),
               read(least), runtime_size(scores[0]), runtime_size(scores[1]), runtime_size(scores[2]), flag(l.node.attr_int("center_point_box", 0) != 0)})
      .measures = l.node.measures[0];
}

}  // namespace

extern const Op op = {.name = "NonMaxSuppression",
                      .inputs = {{"boxes", {DType::float32}},
                                 {"scores", {DType::float32}},
                                 {"max_output_boxes_per_class", types::int64, Port::Arity::optional},
                                 {"iou_threshold", {DType::float32}, Port::Arity::optional},
                                 {"score_threshold", {DType::float32}, Port::Arity::optional}},
                      .attributes = {{"center_point_box", AttributeKind::integer}},
                      .infer = infer,
                      .lower = lower,
                      .versions = "10, 11"};

}  // namespace inferc::op_NonMaxSuppression
