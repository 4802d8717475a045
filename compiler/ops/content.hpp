#pragma once
#include <functional>
#include <optional>
#include <vector>

#include "compiler/ops/op.hpp"

// Partial data: small integer tensors whose elements are sizes.
namespace inferc::content {

// min and max that become one operand where the bounds of the symbols decide it.
[[nodiscard]] Dim min(const Symbols& symbols, const Dim& a, const Dim& b);
[[nodiscard]] Dim max(const Symbols& symbols, const Dim& a, const Dim& b);
[[nodiscard]] inline bool nonnegative(const Symbols& s, const Dim& d) { return s.provably_le(0, d); }
[[nodiscard]] inline bool negative(const Symbols& s, const Dim& d) { return s.provably_le(d, -1); }

// The constant sizes of a shape, if it has no symbol and at most max_content elements.
[[nodiscard]] std::optional<std::vector<std::size_t>> small_shape(const Shape& shape);
// The elements of input i broadcast to `shape`, where known.
[[nodiscard]] std::optional<std::vector<Dim>> broadcast(const Infer& i, std::size_t input, const Shape& shape);
// Whether both shapes have the same number of elements; records an equality when it cannot be decided, fails when they differ.
bool same_size(Infer& i, const Shape& a, const Shape& b);
// Whether an operand that is read at run time has `count` elements: likewise.
bool has_elements(Infer& i, std::size_t operand, std::size_t count);
// Fails: input 0 cannot have the output that the file declares.
bool refuse_declared(Infer& i, const Shape& declared);
// Guards operand `k` unless it is known: the check gets the operand's elements, their number, then `rest`.
void guard_operand(Lower& l, std::size_t k, std::string kernel, HostKernel host, std::vector<Arg> rest);
// The sizes of input 0 and of the output, each with its rank, as such a check takes them.
[[nodiscard]] std::vector<Arg> guarded_shapes(const Lower& l);
// Fails at run time unless the elements of operand `k` are `sizes`.
void guard_sizes(Lower& l, std::size_t k, const std::vector<Dim>& sizes);
// The elements of a value where they are wholly known: a constant, or partial data without symbols.
[[nodiscard]] std::optional<Tensor> known_tensor(const Value* v);
// For movement operators: element k of the output is element source(index of k) of input 0. Gives content to output 0.
void move(Infer& i, const Shape& out, const std::function<std::size_t(const std::vector<std::size_t>&)>& source);

}  // namespace inferc::content
