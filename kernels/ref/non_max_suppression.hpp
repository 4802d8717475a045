#pragma once
#include <cstddef>
#include <cstdint>

namespace inferc::ref {
namespace suppression_detail {

constexpr float smaller(float a, float b) { return b < a ? b : a; }
constexpr float larger(float a, float b) { return b > a ? b : a; }

struct Box {
  float y0, x0, y1, x1;
};
// Corners in any order, or centre and size: x, y, width, height.
constexpr Box box(const float* p, bool centre) {
  if (centre) return {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2};
  return {smaller(p[0], p[2]), smaller(p[1], p[3]), larger(p[0], p[2]), larger(p[1], p[3])};
}
// Whether intersection / union of two boxes with areas exceeds `threshold`.
constexpr bool overlap(const Box& a, const Box& b, float threshold) {
  const float height = smaller(a.y1, b.y1) - larger(a.y0, b.y0), width = smaller(a.x1, b.x1) - larger(a.x0, b.x0);
  if (!(height > 0) || !(width > 0)) return false;
  const float shared = height * width, area_a = (a.y1 - a.y0) * (a.x1 - a.x0), area_b = (b.y1 - b.y0) * (b.x1 - b.x0);
  if (!(area_a > 0) || !(area_b > 0)) return false;
  return shared / (area_a + area_b - shared) > threshold;
}

}  // namespace suppression_detail

// Boxes [batches, boxes, 4] by scores [batches, classes, boxes]: of each class in each batch at most `*most` in order of
// score, none that overlaps a better one by more than `*overlap_limit` (ONNX NonMaxSuppression 11). Rows of `out`: batch, class,
// box; gives their number. A score must exceed `*score_limit`. state: `boxes` elements of scratch.
inline std::size_t non_max_suppression(std::int64_t* out, std::uint8_t* state, const float* at, const float* scores, const std::int64_t* most,
                                       const float* overlap_limit, const float* score_limit, std::size_t batches, std::size_t classes, std::size_t boxes,
                                       bool centre) {
  using suppression_detail::box;
  std::size_t found = 0;
  for (std::size_t b = 0; b < batches; ++b)
    for (std::size_t c = 0; c < classes; ++c) {
      const float *score = scores + (b * classes + c) * boxes, *corner = at + b * boxes * 4;
      for (std::size_t k = 0; k < boxes; ++k) state[k] = score[k] > *score_limit ? 0 : 1;  // 1: out
      for (std::int64_t taken = 0; taken < *most; ++taken) {
        std::size_t best = boxes;
        for (std::size_t k = 0; k < boxes; ++k)
          if (state[k] == 0 && (best == boxes || score[k] > score[best])) best = k;
        if (best == boxes) break;
        state[best] = 1;
        std::int64_t* row = out + 3 * found++;
        row[0] = static_cast<std::int64_t>(b), row[1] = static_cast<std::int64_t>(c), row[2] = static_cast<std::int64_t>(best);
        for (std::size_t k = 0; k < boxes; ++k)
          if (state[k] == 0 && suppression_detail::overlap(box(corner + 4 * best, centre), box(corner + 4 * k, centre), *overlap_limit)) state[k] = 1;
      }
    }
  return found;
}

}  // namespace inferc::ref
