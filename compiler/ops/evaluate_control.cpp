#include "compiler/ops/evaluate_control.hpp"

#include <cstring>
#include <limits>

#include "compiler/ops/control.hpp"
#include "compiler/ops/scan.hpp"

namespace inferc {
namespace {

// Copies between a tensor and its slice `at` along an axis.
void move_slice(Tensor& whole, std::size_t axis, std::size_t at, Tensor& slice, bool take) {
  std::size_t outer = 1, inner = byte_size(whole.dtype());
  const auto& shape = whole.shape();
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (d != axis) (d < axis ? outer : inner) *= static_cast<std::size_t>(shape[d]);
  for (std::size_t o = 0; o < outer && inner > 0; ++o) {
    std::byte* const there = whole.bytes().data() + (o * static_cast<std::size_t>(shape[axis]) + at) * inner;
    std::byte* const here = slice.bytes().data() + o * inner;
    if (take) std::memcpy(here, there, inner);
    else std::memcpy(there, here, inner);
  }
}

Tensor slice_of(Tensor whole, std::size_t axis, std::size_t at) {
  std::vector<std::int64_t> shape = whole.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
  Tensor out(whole.dtype(), std::move(shape));
  move_slice(whole, axis, at, out, true);
  return out;
}

class ControlRun {
 public:
  ControlRun(const Node& node, const std::vector<const Tensor*>& inputs, SymbolValues& symbols, const RunRegion& run)
      : node_(node), inputs_(inputs), symbols_(symbols), run_(run) {}

  std::vector<Tensor> branch() {
    const std::string_view wanted = inputs_[0]->as<bool>()[0] ? "then_branch" : "else_branch";
    for (std::size_t r = 0; r < node_.regions.size(); ++r)
      if (node_.regions[r].name == wanted) return run_(node_.regions[r], with_captures({}, r));
    internal_error(address(node_) + " has no " + std::string(wanted));
  }

  std::vector<Tensor> loop() {
    const std::size_t own = control::first_capture(node_, 0), carried = node_.regions[0].graph->inputs().size() - node_.regions[0].captures - 2;
    const std::int64_t trips = own > 0 && inputs_[0] ? inputs_[0]->as<std::int64_t>()[0] : std::numeric_limits<std::int64_t>::max();
    bool goes_on = own > 1 && inputs_[1] ? inputs_[1]->as<bool>()[0] : true;
    std::vector<Tensor> state;
    for (std::size_t k = 0; k < carried; ++k) state.push_back(*inputs_[2 + k]);
    rows_.resize(node_.outputs.size() - carried);
    for (std::int64_t i = 0; i < trips && goes_on; ++i) {
      std::vector<Tensor> given{scalar<std::int64_t>(i), scalar<bool>(goes_on)};
      given.insert(given.end(), state.begin(), state.end());
      std::vector<Tensor> results = iterate(i, std::move(given));
      goes_on = results[0].as<bool>()[0];
      results.erase(results.begin());
      split(std::move(results), state);
    }
    for (std::size_t k = 0; k < rows_.size(); ++k) state.push_back(stacked(k, carried + k, 0, false));
    return state;
  }

  std::vector<Tensor> scan() {
    const ScanForm form(node_);
    const auto trips = static_cast<std::size_t>(inputs_[form.carried]->shape()[ScanForm::input_axis(node_, 0, inputs_[form.carried]->rank())]);
    std::vector<Tensor> state;
    for (std::size_t k = 0; k < form.carried; ++k) state.push_back(*inputs_[k]);
    rows_.resize(form.collected);
    for (std::size_t i = 0; i < trips; ++i) {
      std::vector<Tensor> given = state;
      for (std::size_t k = 0; k < form.scanned; ++k) {
        const Tensor& whole = *inputs_[form.carried + k];
        given.push_back(slice_of(whole, ScanForm::input_axis(node_, k, whole.rank()), ScanForm::input_reversed(node_, k) ? trips - 1 - i : i));
      }
      split(iterate(static_cast<std::int64_t>(i), std::move(given)), state);
    }
    for (std::size_t k = 0; k < form.collected; ++k) {
      const Value* v = node_.outputs[form.carried + k];
      const std::size_t rank = !rows_[k].empty() ? rows_[k][0].rank() + 1 : v && v->type ? v->type->shape.size() : 1;
      state.push_back(stacked(k, form.carried + k, ScanForm::output_axis(node_, k, rank), ScanForm::output_reversed(node_, k)));
    }
    return state;
  }

 private:
  template <class T>
  static Tensor scalar(T value) {
    Tensor out(dtype_of<T>, {});
    out.as<T>()[0] = value;
    return out;
  }
  std::vector<Tensor> with_captures(std::vector<Tensor> given, std::size_t r) {
    for (std::size_t k = 0; k < node_.regions[r].captures; ++k) given.push_back(*inputs_[control::first_capture(node_, r) + k]);
    return given;
  }
  std::vector<Tensor> iterate(std::int64_t i, std::vector<Tensor> given) {
    if (!node_.measures.empty()) symbols_[node_.measures[0]] = i;
    return run_(node_.regions[0], with_captures(std::move(given), 0));
  }
  // What is carried on, then a row of everything that is collected.
  void split(std::vector<Tensor> results, std::vector<Tensor>& state) {
    for (std::size_t k = 0; k < state.size(); ++k) state[k] = std::move(results[k]);
    for (std::size_t k = 0; k < rows_.size(); ++k) rows_[k].push_back(std::move(results[state_size(k, results.size())]));
  }
  [[nodiscard]] std::size_t state_size(std::size_t k, std::size_t results) const { return results - rows_.size() + k; }
  Tensor without_rows(std::size_t output, std::size_t axis) {
    if (!node_.outputs[output]) return {};
    const auto& type = node_.outputs[output]->type;
    if (!type) throw UserError(address(node_) + ": it makes no iteration, and the type of what it collects is not known");
    std::vector<std::int64_t> shape;
    for (std::size_t d = 0; d < type->shape.size(); ++d) shape.push_back(d == axis ? 0 : evaluate(type->shape[d], symbols_));
    return {type->dtype, std::move(shape)};
  }
  Tensor stacked(std::size_t k, std::size_t output, std::size_t axis, bool reversed) {
    std::vector<Tensor>& rows = rows_[k];
    if (rows.empty()) return without_rows(output, axis);
    std::vector<std::int64_t> shape = rows[0].shape();
    shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(axis), static_cast<std::int64_t>(rows.size()));
    Tensor out(rows[0].dtype(), std::move(shape));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (rows[i].shape() != rows[0].shape()) throw UserError(address(node_) + ": what it collects differs in shape between iterations");
      move_slice(out, axis, reversed ? rows.size() - 1 - i : i, rows[i], false);
    }
    return out;
  }

  const Node& node_;
  const std::vector<const Tensor*>& inputs_;
  SymbolValues& symbols_;
  const RunRegion& run_;
  std::vector<std::vector<Tensor>> rows_;
};

}  // namespace

bool is_control(const Node& n) { return n.is("If") || n.is("Loop") || n.is("Scan"); }

std::vector<Tensor> evaluate_control(const Node& node, const std::vector<const Tensor*>& inputs, SymbolValues& symbols, const RunRegion& run) {
  ControlRun control(node, inputs, symbols, run);
  return node.is("If") ? control.branch() : node.is("Loop") ? control.loop() : control.scan();
}

}  // namespace inferc
