#include "compiler/cli/carry_check.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "compiler/run/sample_inputs.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::cli {
namespace {

constexpr std::uint64_t calls = 4;

Tensor initial(const Carry& c, const NamedType& port) { return c.initial ? *c.initial : Tensor(port.type.dtype, shape_of(port, {})); }

// The tensors that are no state.
template <class Index>
std::vector<Tensor> visible(const std::vector<Tensor>& all, const std::vector<Carry>& carried, Index index) {
  std::vector<Tensor> out;
  for (std::size_t i = 0; i < all.size(); ++i)
    if (std::none_of(carried.begin(), carried.end(), [&](const Carry& c) { return index(c) == i; })) out.push_back(all[i]);
  return out;
}

void refill(const BoundCall& call, const std::vector<Tensor>& inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (const auto bytes = inputs[i].bytes(); !bytes.empty()) std::memcpy(call.input_buffers()[i].data(), bytes.data(), bytes.size());
}

}  // namespace

std::string carry_difference(const LoadedModel& keeps, const LoadedModel& handed, const std::vector<Carry>& carried, const SymbolValues& sizes) {
  std::vector<Tensor> state;
  for (const Carry& c : carried) state.push_back(initial(c, handed.signature().inputs[c.input]));
  const std::vector<Tensor> first = state;
  const auto inputs_of = [](const Carry& c) { return c.input; };
  BoundCall call(keeps, sizes, visible(sample_inputs(handed.signature(), sizes, 1), carried, inputs_of));
  for (std::uint64_t k = 0; k <= calls; ++k) {
    if (k == calls) {
      call.reset();
      state = first;
    }
    std::vector<Tensor> inputs = sample_inputs(handed.signature(), sizes, 1 + k);
    for (std::size_t s = 0; s < state.size(); ++s) inputs[carried[s].input] = state[s];
    const std::vector<Tensor> wanted = run_model(handed, inputs, sizes);
    refill(call, visible(inputs, carried, inputs_of));
    call.require(call.run());
    const std::vector<Tensor> got = call.outputs(), shown = visible(wanted, carried, [](const Carry& c) { return c.output; });
    for (std::size_t o = 0; o < got.size(); ++o)
      if (!got[o].same(shown[o]))
        return fmt::format("output '{}' differs in call {}{}", escape(keeps.signature().outputs[o].name), k + 1, k == calls ? ", after a reset" : "");
    for (std::size_t s = 0; s < state.size(); ++s) state[s] = wanted[carried[s].output];
  }
  return {};
}

}  // namespace inferc::cli
