#pragma once
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

// The k-th of n positions from -1 to 1: the middles of n cells, or with `align` the first and last at the ends.
constexpr double grid_position(std::size_t k, std::size_t n, bool align) {
  const double cells = static_cast<double>(align ? n - 1 : n);
  if (align && n == 1) return -1;
  return (align ? 2 * static_cast<double>(k) : 2 * static_cast<double>(k) + 1) / cells - 1;
}

// out[b, z, y, x] = theta[b] (x, y, z, 1), in double, rounded once; without z where `dims` is 2.
template <class T>
void affine_grid(T* out, const T* theta, std::size_t batch, std::size_t depth, std::size_t height, std::size_t width, std::size_t dims, bool align) {
  for (std::size_t b = 0; b < batch; ++b)
    for (std::size_t z = 0; z < depth; ++z)
      for (std::size_t y = 0; y < height; ++y)
        for (std::size_t x = 0; x < width; ++x) {
          const double at[3] = {grid_position(x, width, align), grid_position(y, height, align), dims == 3 ? grid_position(z, depth, align) : 0};
          for (std::size_t r = 0; r < dims; ++r) {
            const T* const row = theta + (b * dims + r) * (dims + 1);
            double sum = 0;
            for (std::size_t c = 0; c < dims; ++c) sum += static_cast<double>(row[c]) * at[c];
            *out++ = static_cast<T>(sum + static_cast<double>(row[dims]));
          }
        }
}

// The size of the image, [batch, any, ...], against the shape of the grid.
template <class I>
Fault affine_grid_fits(const I* size, std::size_t count, Sizes<8> to) {
  bool good = size[0] == to.value[0];
  for (std::size_t k = 2; k < count; ++k) good = good && size[k] == to.value[k - 1];
  return fits(good);
}

}  // namespace inferc::ref
