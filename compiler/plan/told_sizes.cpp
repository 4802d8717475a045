#include "compiler/plan/told_sizes.hpp"

#include <algorithm>

namespace inferc {
namespace {

// The arguments of ref::sizes_fit: elements, their number, the sizes and padding.
void collect(const Program& p, const Call& c, std::vector<ToldSize>& out) {
  const auto* given = std::get_if<PointerArg>(&c.args[0]);
  const auto* sizes = std::get_if<SizesArg>(&c.args[2]);
  if (!given || !sizes) return;
  const auto port = std::find_if(p.inputs.begin(), p.inputs.end(), [&](const TensorPort& t) { return t.buffer == given->operand.buffer; });
  const auto count = given->operand.size().constant(), first = given->operand.offset.constant();
  if (port == p.inputs.end() || !count || !first) return;
  for (std::int64_t k = 0; k < *count; ++k)
    if (const Dim& size = sizes->sizes[static_cast<std::size_t>(k)]; !size.is_constant() && !p.symbols->has_measured(size))
      out.push_back({size, static_cast<std::size_t>(port - p.inputs.begin()), static_cast<std::size_t>(*first + k)});
}

}  // namespace

std::vector<ToldSize> told_sizes(const Program& program) {
  std::vector<ToldSize> out;
  for (const Call& c : program.calls)
    if (c.kernel == "ref::sizes_fit") collect(program, c, out);
  return out;
}

}  // namespace inferc
