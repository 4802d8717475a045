#include "compiler/ops/window.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace inferc::window {
namespace {

using Integers = std::vector<std::int64_t>;

Integers integers(const Node& n, std::string_view key, std::size_t count, std::int64_t otherwise) { return n.attr(key, Integers(count, otherwise)); }

bool check_list(Infer& i, std::string_view key, std::size_t count, std::int64_t least) {
  const Integers v = i.node.attr(key, Integers());
  if (v.empty() && i.node.attributes.find(key) == i.node.attributes.end()) return true;
  if (v.size() != count) return i.fail(fmt::format("attribute '{}' has {} elements, {} are defined", key, v.size(), count));
  for (const std::int64_t x : v)
    if (x < least || x > unbounded) return i.fail(fmt::format("attribute '{}' has element {}, {} to {} is defined", key, x, least, unbounded));
  return true;
}

std::string auto_pad(const Node& n) { return n.attr("auto_pad", std::string("NOTSET")); }

// Padding of `total` split: the odd one at the end (SAME_UPPER) or at the beginning.
void split_pad(Window& w, const Dim& total, bool upper) {
  const Dim small = floor_div(total, 2);
  w.pad.push_back(upper ? small : total - small);
  w.pad_end.push_back(upper ? total - small : small);
}

Window attributes(const Node& n, std::vector<Dim> in, std::vector<Dim> kernel) {
  Window w;
  const std::size_t s = in.size();
  w.in = std::move(in);
  w.kernel = std::move(kernel);
  for (const std::int64_t v : integers(n, "strides", s, 1)) w.stride.emplace_back(v);
  for (const std::int64_t v : integers(n, "dilations", s, 1)) w.dilation.emplace_back(v);
  return w;
}

Dim reach(const Window& w, std::size_t d) { return (w.kernel[d] - 1) * w.dilation[d] + 1; }

void explicit_pads(const Node& n, Window& w) {
  const std::size_t s = w.in.size();
  const Integers pads = auto_pad(n) == "VALID" ? Integers(2 * s, 0) : integers(n, "pads", 2 * s, 0);
  w.pad.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(s));
  w.pad_end.assign(pads.begin() + static_cast<std::ptrdiff_t>(s), pads.end());
}

}  // namespace

bool check(Infer& i, std::size_t spatial, const std::vector<Dim>& kernel) {
  if (spatial < 1 || spatial > max_spatial) return i.fail(fmt::format("{} spatial dimensions, between 1 and {} are supported", spatial, max_spatial));
  if (kernel.size() != spatial) return i.fail(fmt::format("attribute 'kernel_shape' has {} elements for {} spatial dimensions", kernel.size(), spatial));
  for (const Dim& k : kernel)
    if (!k.is_constant() || *k.constant() < 1 || *k.constant() > unbounded) return i.fail(fmt::format("kernel size {} is not a positive constant", k.text()));
  static const std::vector<std::string> modes{"NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"};
  const std::string mode = auto_pad(i.node);
  if (std::find(modes.begin(), modes.end(), mode) == modes.end()) return i.fail(fmt::format("auto_pad '{}' is not defined", escape(mode)));
  return check_list(i, "strides", spatial, 1) && check_list(i, "dilations", spatial, 1) && check_list(i, "pads", 2 * spatial, 0) &&
         check_list(i, "output_padding", spatial, 0) && check_list(i, "output_shape", spatial, 0);
}

std::vector<Dim> kernel_shape(const Node& n, std::vector<Dim> otherwise) {
  const Integers given = n.attr("kernel_shape", Integers());
  return given.empty() ? otherwise : std::vector<Dim>(given.begin(), given.end());
}

Window forward(const Node& n, std::vector<Dim> in, std::vector<Dim> kernel) {
  Window w = attributes(n, std::move(in), std::move(kernel));
  const std::string mode = auto_pad(n);
  const bool same = mode.starts_with("SAME"), ceil = n.attr_int("ceil_mode", 0) != 0;
  if (!same) explicit_pads(n, w);
  for (std::size_t d = 0; d < w.in.size(); ++d) {
    if (same) {
      w.out.push_back(ceil_div(w.in[d], w.stride[d]));
      split_pad(w, max(Dim(0), (w.out[d] - 1) * w.stride[d] + reach(w, d) - w.in[d]), mode == "SAME_UPPER");
      continue;
    }
    const Dim room = w.in[d] + w.pad[d] + w.pad_end[d] - reach(w, d);
    // Rounded up, but the last window must start inside of input or leading padding.
    w.out.push_back(ceil ? min(ceil_div(room, w.stride[d]) + 1, ceil_div(w.in[d] + w.pad[d], w.stride[d])) : floor_div(room, w.stride[d]) + 1);
  }
  return w;
}

Window transposed(const Node& n, std::vector<Dim> in, std::vector<Dim> kernel) {
  Window w = attributes(n, std::move(in), std::move(kernel));
  const std::size_t s = w.in.size();
  const std::string mode = auto_pad(n);
  const Integers extra = integers(n, "output_padding", s, 0), given = n.attr("output_shape", Integers());
  const bool wanted = !given.empty() || mode.starts_with("SAME");
  if (!wanted) explicit_pads(n, w);
  for (std::size_t d = 0; d < s; ++d) {
    const Dim whole = w.stride[d] * (w.in[d] - 1) + extra[d] + reach(w, d);
    if (!wanted) {
      w.out.push_back(whole - w.pad[d] - w.pad_end[d]);
      continue;
    }
    w.out.push_back(given.empty() ? w.in[d] * w.stride[d] : Dim(given[d]));
    split_pad(w, max(Dim(0), whole - w.out[d]), mode == "SAME_UPPER");
  }
  return w;
}

std::optional<std::vector<Dim>> out_sizes(Infer& i, const Window& w) {
  std::vector<Dim> out;
  for (std::size_t d = 0; d < w.out.size(); ++d) {
    const Bounds b = i.symbols().bounds(w.out[d]);
    if (b.upper < 0) {
      i.fail(fmt::format("the kernel of size {} does not fit into axis {} of size {} with its padding", w.kernel[d].text(), d + 2, w.in[d].text()));
      return std::nullopt;
    }
    out.push_back(b.lower < 0 ? max(w.out[d], Dim(0)) : w.out[d]);
  }
  return out;
}

void append(std::vector<Arg>& args, const Window& w, const std::vector<Dim>& out) {
  for (const auto* list : {&w.in, &w.kernel, &out, &w.stride, &w.dilation, &w.pad}) args.push_back(SizesArg{*list});
}

}  // namespace inferc::window
