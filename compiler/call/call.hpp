#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/ir/dim.hpp"
#include "compiler/ir/dtype.hpp"
#include "compiler/ir/graph.hpp"
#include "compiler/ir/tensor.hpp"
#include "kernels/fault.hpp"

namespace inferc {

// Where the elements of an operand live.
enum class Space : unsigned char { input, output, weight, arena };

struct BufferId {
  std::uint32_t index = 0;
  auto operator<=>(const BufferId&) const = default;
};

// A strided window of a buffer: offset and strides in elements.
struct Operand {
  BufferId buffer;
  DType dtype = DType::undefined;
  Dim offset;
  Shape shape;
  std::vector<Dim> strides;

  [[nodiscard]] int rank() const { return static_cast<int>(shape.size()); }
  [[nodiscard]] Dim size() const { return product(shape); }
  bool operator==(const Operand&) const = default;
};

[[nodiscard]] std::vector<Dim> dense_strides(const Shape& shape);
[[nodiscard]] bool is_dense(const Operand&);  // row-major and contiguous; strides of dims of size 1 do not matter
// Whether a stride may be negative. Row strides of kernels are sizes: they take no such view.
[[nodiscard]] bool runs_backwards(const Dim& stride);
// The row stride of `v` as rows x columns, all dims but the last collapsed into rows: present if the last dim is
// contiguous and the outer dims form one arithmetic progression, forwards.
[[nodiscard]] std::optional<Dim> row_stride(const Operand&);

// The view as another shape of equal size without moving elements, if strides allow it.
[[nodiscard]] std::optional<Operand> reshape_view(const Operand&, const Shape& shape);
[[nodiscard]] Operand transpose_view(const Operand&, const std::vector<std::int64_t>& permutation);
[[nodiscard]] std::vector<std::int64_t> inverse_permutation(const std::vector<std::int64_t>& permutation);
[[nodiscard]] Operand slice_view(const Operand&, std::size_t axis, const Dim& begin, const Dim& size, std::int64_t step = 1);
[[nodiscard]] Operand broadcast_view(const Operand&, const Shape& shape);  // new or widened dims get stride 0

// An elementwise expression over the operands of a call: a functor of kernels/functors.hpp applied to expressions, or
// a leaf. `parameters` are trailing scalar arguments of the functor, typed by the functor.
struct Expr {
  std::string functor;  // empty: a leaf
  std::vector<Expr> args;
  std::vector<double> parameters;
  int operand = -1;  // leaf: which accessor of the call; -1 with no functor: the accumulator of an epilogue
  DType result = DType::float32;
  bool operator==(const Expr&) const = default;
};

enum class Access : unsigned char { read, write };

// --- arguments, printed in order
struct PointerArg {  // T* at the operand's first element; the kernel gets sizes separately
  Operand operand;
  Access access = Access::read;
};
struct ViewArg {  // View<T, rank>
  Operand operand;
  Access access = Access::read;
};
struct StridedArg {  // cpu::Strided<T, rank, step>: a view whose step along the last dim is a type
  Operand operand;
  Access access = Access::read;
};
struct SizeArg {  // dim<N>{} when constant, else std::size_t
  Dim size;
};
struct RuntimeSizeArg {  // std::size_t always: keeps the number of instantiations low
  Dim size;
};
struct RangeArg {  // Range{begin, end}; constant ends are dim<> unless `runtime`
  Dim begin, end;
  bool runtime = false;
};
struct ScalarArg {  // a literal of the given type
  DType dtype = DType::int64;
  double real = 0;
  std::int64_t integer = 0;
};
struct SizesArg {  // std::array-like list of sizes: Sizes<n>{a, b, c}
  std::vector<Dim> sizes;
};
struct ParamsArg {  // Params<n>{...}: scalar parameters of a functor
  std::vector<double> values;
};
struct TypeArg {  // a value of an empty tag type: "functors::relu{}", "dim<4>{}"
  std::string type;
};
struct GatheredArg {  // cpu::Gathered<T, I, rank, step>: rows of a table, picked by an index that does not vary along the last dim
  Operand table, index;
  std::vector<Dim> strides, index_strides;  // over the iteration space; those of the table from the row that is picked
  Dim row, rows;                            // elements from one row to the next, how many rows there are
};
// How an operand varies over a rows x columns iteration space.
struct Accessor {
  enum class Kind : unsigned char { full, row, col, scalar, gathered } kind = Kind::full;
  Operand operand;
  Dim stride;       // of full, col and gathered: elements between rows
  Operand index{};  // of gathered: dense, one row of the operand for each row
  Dim rows{};       // of gathered: how many the operand has
};
struct AccessorArg {
  Accessor accessor;
  Access access = Access::read;
};
struct EpilogueArg {                 // cpu::epilogue<F>(accessors...): applied to the accumulator before the store
  std::shared_ptr<const Expr> expr;  // null: identity
  std::vector<Accessor> accessors;
};
using AnyArg = std::variant<PointerArg, ViewArg, SizeArg, RuntimeSizeArg, RangeArg, ScalarArg, SizesArg, ParamsArg, TypeArg, AccessorArg, EpilogueArg,
                            StridedArg, GatheredArg>;
// Copied and destroyed out of line: written in every operator's file, a variant is most of the time to compile it.
struct Arg : AnyArg {
  Arg(PointerArg);
  Arg(ViewArg);
  Arg(SizeArg);
  Arg(RuntimeSizeArg);
  Arg(RangeArg);
  Arg(ScalarArg);
  Arg(SizesArg);
  Arg(ParamsArg);
  Arg(TypeArg);
  Arg(AccessorArg);
  Arg(EpilogueArg);
  Arg(StridedArg);
  Arg(GatheredArg);
  Arg(const Arg&);
  Arg(Arg&&) noexcept;
  Arg& operator=(const Arg&);
  Arg& operator=(Arg&&) noexcept;
  ~Arg();
};

// Explicit template argument of the kernel: a type or number as text, or an expression that becomes a functor.
struct TemplateArg : std::variant<std::string, std::shared_ptr<const Expr>> {
  TemplateArg(std::string);
  TemplateArg(const char*);
  TemplateArg(std::shared_ptr<const Expr>);
  TemplateArg(const TemplateArg&);
  TemplateArg(TemplateArg&&) noexcept;
  TemplateArg& operator=(const TemplateArg&);
  TemplateArg& operator=(TemplateArg&&) noexcept;
  ~TemplateArg();
};

// What a host thunk gets: the address of each operand argument's first element (null for other arguments); sizes are
// evaluated with `symbols`.
struct HostFrame {
  const std::vector<Arg>* args = nullptr;
  const SymbolValues* symbols = nullptr;
  std::function<std::byte*(const Operand&)> address;
  std::int64_t* measured = nullptr;  // where a kernel that returns a size leaves it
};
using HostKernel = std::function<Fault(const HostFrame&)>;

struct Program;

// One kernel application: data, never text.
struct Call {
  std::string kernel{};  // "ref::gather", "cpu::gemm"
  std::string header{};  // "kernels/ref/gather.hpp"
  std::vector<TemplateArg> template_args{};
  std::vector<Arg> args{};
  bool fast = false;       // false: a reference kernel
  bool may_fault = false;  // the kernel returns Fault
  Dim flops{};
  std::vector<std::string> nodes{};  // ONNX nodes it stands for
  std::string comment{};             // types: "f32[n, 16] x f32[16, 64] -> f32[n, 64]"
  // Pairs (written argument, read argument) that may be the same elements: same view, each element read before it is
  // written at the same place.
  std::vector<std::pair<std::size_t, std::size_t>> in_place{};
  HostKernel host{};  // the reference kernel, instantiated in the compiler; empty for fast kernels
  // The input of the model that this call checks: it reads nothing else but weights and writes nothing.
  std::optional<std::size_t> guards{};
  // The argument that is the scratch of one worker, where each that shares the call needs its own.
  std::optional<std::size_t> worker_scratch{};
  // A symbol that this call sets: the kernel returns the size; its users come later.
  std::string measures{};
  // Of a product with constant weights: its kind on integers ("Bytes<2>"; empty in float32), and which rows take the weights without zeros.
  enum class Rows : unsigned char { none, few, many, all };
  std::string products{};
  Rows without_zeros = Rows::none;
  // Bodies of control flow (If, Loop, Scan); the frame is shared, buffers are the outer Program's.
  std::vector<std::vector<Call>> bodies{};
};

// Operands of an argument with their access; empty for sizes and literals.
[[nodiscard]] std::vector<std::pair<const Operand*, Access>> operands(const Arg&);
// Of every operand once.
[[nodiscard]] Dim bytes_of(const Call&);

struct Buffer {
  Space space = Space::arena;
  DType dtype = DType::undefined;
  Dim size;               // elements
  std::string name;       // original name for comments: input, output or node
  std::size_t index = 0;  // of the input, output or weight
  std::vector<std::pair<std::string, std::string>> facts;
};

// All elements of `indices`, taken as `as`, must be in [low, high].
struct IndexBound {
  Operand indices;
  DType as = DType::int64;
  Dim low, high;
  bool operator==(const IndexBound&) const = default;
};

// The elements of `from` are those of `to`, cast where the types differ, in row-major order of both.
struct Move {
  Operand to, from;
};

struct Weight {
  Tensor tensor;
  std::string name;     // of the initializer it comes from
  std::string packing;  // "" or the packing format: "panel16"
};

}  // namespace inferc
