#pragma once

namespace inferc {

// What a kernel can meet at run time; becomes the model's Status.
enum class Fault : unsigned char { none, index_out_of_range, division_by_zero, dim_mismatch };

}  // namespace inferc
