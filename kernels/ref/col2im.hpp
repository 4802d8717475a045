#pragma once
#include "kernels/functors.hpp"
#include "kernels/ref/shape_operand.hpp"

namespace inferc::ref {

// How blocks lie in an image of `dims` dims.
struct BlockLayout {
  std::size_t dims;
  std::int64_t image[8], block[8], stride[8], dilation[8], pad[8], count[8];  // `count` blocks along each dim
};

// False where `rows` elements of `columns` blocks do not fill an image of these sizes with `channels`.
constexpr bool lay_blocks(BlockLayout& b, const std::int64_t* block, const Sizes<8>& image, const Sizes<8>& stride, const Sizes<8>& dilation,
                          const Sizes<8>& pad, const Sizes<8>& pad_end, std::size_t channels, std::size_t rows, std::size_t columns) {
  std::int64_t elements = static_cast<std::int64_t>(channels), blocks = 1;
  for (std::size_t d = 0; d < b.dims; ++d) {
    if (block[d] < 1 || block[d] > largest_size / dilation.value[d]) return false;
    const std::int64_t room = image.value[d] + pad.value[d] + pad_end.value[d] - dilation.value[d] * (block[d] - 1) - 1;
    if (room < 0) return false;
    b.image[d] = image.value[d];
    b.block[d] = block[d];
    b.stride[d] = stride.value[d];
    b.dilation[d] = dilation.value[d];
    b.pad[d] = pad.value[d];
    b.count[d] = room / stride.value[d] + 1;
    if (__builtin_mul_overflow(elements, block[d], &elements) || __builtin_mul_overflow(blocks, b.count[d], &blocks)) return false;
  }
  return elements == static_cast<std::int64_t>(rows) && blocks == static_cast<std::int64_t>(columns);
}

// The next index below `size`, the last dim first; false behind the last one.
constexpr bool next_index(std::int64_t (&i)[8], const std::int64_t (&size)[8], std::size_t dims) {
  for (std::size_t d = dims; d-- > 0;) {
    if (++i[d] < size[d]) return true;
    i[d] = 0;
  }
  return false;
}

inline Fault col2im_fits(const std::int64_t* image_shape, const std::int64_t* block, std::size_t dims, Sizes<8> image, Sizes<8> stride, Sizes<8> dilation,
                         Sizes<8> pad, Sizes<8> pad_end, std::size_t channels, std::size_t rows, std::size_t columns) {
  BlockLayout b{dims, {}, {}, {}, {}, {}, {}};
  bool good = lay_blocks(b, block, image, stride, dilation, pad, pad_end, channels, rows, columns);
  for (std::size_t d = 0; d < dims; ++d) good = good && image_shape[d] == image.value[d];
  return fits(good);
}

// Each element of the blocks is added to its place in the image, elements of the block outermost; those in the padding are left out.
// in: [batch, channels * block, blocks]. A block that does not fit the sizes is a fault, and nothing is written.
template <class T>
Fault col2im(T* out, const T* in, const std::int64_t* block, std::size_t dims, Sizes<8> image, Sizes<8> stride, Sizes<8> dilation, Sizes<8> pad,
             Sizes<8> pad_end, std::size_t batch, std::size_t channels, std::size_t rows, std::size_t columns) {
  BlockLayout b{dims, {}, {}, {}, {}, {}, {}};
  if (!lay_blocks(b, block, image, stride, dilation, pad, pad_end, channels, rows, columns)) return Fault::dim_mismatch;
  std::size_t size = 1;
  for (std::size_t d = 0; d < dims; ++d) size *= static_cast<std::size_t>(b.image[d]);
  for (std::size_t k = 0; k < batch * channels * size; ++k) out[k] = T{};
  for (std::size_t plane = 0; size > 0 && plane < batch * channels; ++plane, out += size) {
    std::int64_t element[8] = {};
    do {
      std::int64_t at[8] = {};
      do {
        std::size_t to = 0;
        bool inside = true;
        for (std::size_t d = 0; d < dims; ++d) {
          const std::int64_t p = at[d] * b.stride[d] - b.pad[d] + element[d] * b.dilation[d];
          inside = inside && p >= 0 && p < b.image[d];
          to = to * static_cast<std::size_t>(b.image[d]) + static_cast<std::size_t>(inside ? p : 0);
        }
        if (inside) out[to] = functors::add::apply(out[to], *in);
        ++in;
      } while (next_index(at, b.count, dims));
    } while (next_index(element, b.block, dims));
  }
  return Fault::none;
}

}  // namespace inferc::ref
