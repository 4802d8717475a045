#pragma once
#include "compiler/ops/op.hpp"

// What operators that take indices along an axis share; negative ones count from the end.
namespace inferc::indices {

// Fails where a constant index is out of range for every size that the axis can have.
bool check(Infer& i, std::size_t input, const Dim& size);
// Tuples along the last dim of the input: element d is an index along a dim of size sizes[d].
bool check_tuples(Infer& i, std::size_t input, const Shape& sizes);

// Whether `size` is at most `limit`: false where it never is; checked at run time where the symbols leave it open.
bool at_most(Infer& i, const Dim& size, const Dim& limit);

// Lower::bound_indices for these.
void bound(Lower& l, std::size_t input, const Dim& size);
void bound_tuples(Lower& l, std::size_t input, const Shape& sizes);

[[nodiscard]] Dim axis_size(const Lower& l);  // of input 0 along attribute `axis`, 0 where it is absent

}  // namespace inferc::indices
