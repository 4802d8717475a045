#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "compiler/ir/tensor.hpp"
#include "kernels/fixed.hpp"

namespace inferc {

// A number for each column of a result: integer * 2^-fraction.
struct FixedColumns {
  std::vector<std::int64_t> integer;
  std::vector<int> fraction;
};
// The elements of a float32 constant as such, `columns` of them (one element counts for all): exact, or nothing.
[[nodiscard]] std::optional<FixedColumns> fixed_columns(const Tensor& t, std::size_t columns);

// What happens to integers column by column, with the proof that nothing overflows: a step that could leave 62 bits is refused
// (false), the chain then is to be thrown away.
class FixedChain {
 public:
  struct Column {
    int fraction;
    std::int64_t low, high;
  };
  // `peak`: the largest magnitude of any partial sum.
  FixedChain(std::vector<Column> columns, std::int64_t peak);

  bool add(const FixedColumns& v);
  bool relu();
  bool leaky_relu(float slope);
  bool at_least(const FixedColumns& v);
  bool at_most(const FixedColumns& v);
  bool scale(int exponent);  // times 2^exponent
  // To multiples of 2^-fraction, within low and high of these or wrapped into them.
  struct Target {
    std::vector<int> fraction;
    std::vector<std::int64_t> low, high;
    fixed::Round mode;
    bool wraps;
  };
  bool quantise(const Target& to);
  // The integers times `factor` over `divisor` in float32, positive and finite, to the next integer.
  bool rescale(const std::vector<float>& factor, const std::vector<float>& divisor);
  bool round(fixed::Round mode) { return shift_to(std::vector<int>(columns_.size(), 0), mode); }
  bool to_one_fraction();  // of all columns: the finest
  void end_without_shift();

  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }
  [[nodiscard]] bool has_one_fraction() const;
  [[nodiscard]] std::int64_t low() const;
  [[nodiscard]] std::int64_t high() const;
  [[nodiscard]] std::int64_t peak() const { return peak_; }
  [[nodiscard]] bool is_wide() const { return peak_ > INT32_MAX; }  // sums of 32 bits do not do
  [[nodiscard]] DType stored_type() const;                          // the narrowest that holds all; undefined: none does

  // Operands "table" and "steps" of the operators in compiler/ops/fixed.hpp. `begin_with_row`: the first step adds row 0.
  [[nodiscard]] Tensor table(bool begin_with_row) const;
  [[nodiscard]] Tensor steps(bool begin_with_row) const;

 private:
  using Numbers = std::vector<std::int64_t>;
  struct Stage {  // a step with its operands; none: empty
    fixed::Step kind;
    fixed::Round mode;
    Numbers a, b;
  };
  struct Written;
  [[nodiscard]] Written written(bool begin_with_row) const;
  void step(fixed::Step kind, fixed::Round mode, Numbers a, Numbers b = {});
  bool add_before(const Numbers& by);
  bool cancel_shift(const Numbers& by);
  void push_shift(const Numbers& by, fixed::Round mode);
  bool shift_left(const Numbers& by);
  bool shift_to(const std::vector<int>& fraction, fixed::Round mode);
  bool raise(const std::vector<int>& fraction);  // to at least these
  bool note(std::int64_t magnitude);
  [[nodiscard]] Numbers units(const FixedColumns& v) const;  // v in units of the columns, whose fractions are fine enough

  std::vector<Column> columns_;
  std::int64_t peak_;
  std::vector<Stage> stages_;
};

}  // namespace inferc
