#include "compiler/run/signature.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/run/elements.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

std::string shape_text(const std::vector<std::int64_t>& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string symbolic_text(const Shape& shape) {
  std::vector<std::string> out;
  for (const Dim& d : shape) out.push_back(escape(d.text()));
  return fmt::format("[{}]", fmt::join(out, ", "));
}

// Element type and rank; false where the shape cannot be compared axis by axis.
bool comparable(const NamedType& port, const Tensor& tensor, Diagnostics& problems) {
  if (port.type.dtype != tensor.dtype())
    problems.error(fmt::format("input '{}' holds {}, the model takes {}", escape(port.name), name(tensor.dtype()), name(port.type.dtype)),
                   fmt::format("convert it: array.astype('{}')", name(port.type.dtype)));
  if (port.type.shape.size() == tensor.rank()) return true;
  problems.error(fmt::format("input '{}' has shape {}, the model takes {}", escape(port.name), shape_text(tensor.shape()), symbolic_text(port.type.shape)));
  return false;
}

// s for factor * s + offset == size.
std::optional<std::pair<std::string, std::int64_t>> solve(const Dim& dim, std::int64_t size) {
  std::int64_t factor = 0, offset = 0;
  std::string symbol;
  for (const Dim::Term& t : dim.terms()) {
    if (t.atoms.empty()) {
      offset = t.factor;
    } else if (t.atoms.size() == 1 && t.atoms[0]->kind == Dim::Kind::symbol && symbol.empty()) {
      symbol = t.atoms[0]->name;
      factor = t.factor;
    } else {
      return std::nullopt;
    }
  }
  if (symbol.empty() || (size - offset) % factor != 0) return std::nullopt;
  return std::pair(symbol, (size - offset) / factor);
}

struct Axis {
  const NamedType* port;
  std::size_t axis;
  std::int64_t size;
};

// Whether every symbol of the expression has a value.
bool known(const Dim& dim, const SymbolValues& values) {
  std::vector<std::string> names;
  collect_symbols(dim, names);
  return std::all_of(names.begin(), names.end(), [&](const std::string& n) { return values.contains(n); });
}

Dim with_values(const Dim& dim, const SymbolValues& values) {
  return substitute(dim, [&](std::string_view n) -> std::optional<Dim> {
    const auto at = values.find(n);
    return at == values.end() ? std::nullopt : std::optional<Dim>(at->second);
  });
}

struct Equation {
  Dim size;
  std::int64_t value;
};

std::vector<Equation> equations(const std::vector<Axis>& axes) {
  std::vector<Equation> out;
  for (const Axis& a : axes) out.push_back({a.port->type.shape[a.axis], a.size});
  return out;
}

// Each pass may give a symbol the value that another axis needs.
void solve_all(const std::vector<Equation>& equations, SymbolValues& values) {
  for (std::size_t before = values.size() + 1; before != values.size();) {
    before = values.size();
    for (const Equation& e : equations)
      if (const auto found = solve(with_values(e.size, values), e.value)) values.insert(*found);
  }
}

// Elements that are no sizes tell nothing: the run refuses them.
void add_told(const Signature& signature, std::span<const Tensor> inputs, std::vector<Equation>& out) {
  for (const ToldSize& t : signature.told) {
    if (t.element >= inputs[t.input].size()) continue;
    const double value = element(inputs[t.input], t.element);
    if (value >= 0 && value <= static_cast<double>(unbounded)) out.push_back({t.size, static_cast<std::int64_t>(value)});
  }
}

void check_axes(const std::vector<Axis>& axes, const SymbolValues& values, Diagnostics& problems) {
  for (const Axis& a : axes) {
    const Dim& dim = a.port->type.shape[a.axis];
    if (!known(dim, values)) continue;
    const std::int64_t wanted = evaluate(dim, values);
    if (wanted == a.size) continue;
    const std::string reason = dim.is_constant() ? std::to_string(wanted) : fmt::format("{} = {}", escape(dim.text()), wanted);
    problems.error(fmt::format("input '{}' has {} on axis {}, the model takes {}", escape(a.port->name), a.size, a.axis, reason));
  }
}

void check_symbols(const Symbols& symbols, SymbolValues& values, Diagnostics& problems) {
  for (const Symbol& s : symbols.all()) {
    if (s.bounds.lower == s.bounds.upper) values.insert({s.name, s.bounds.lower});
    const auto at = values.find(s.name);
    if (at == values.end()) {
      problems.error(fmt::format("no input tells the size '{}'", escape(s.name)), fmt::format("--dim {}=N", escape(s.name)));
    } else if (at->second < s.bounds.lower || at->second > s.bounds.upper) {
      problems.error(fmt::format("{} = {} is out of its bounds {}..{}", escape(s.name), at->second, s.bounds.lower, s.bounds.upper),
                     fmt::format("--dim {}=LO..HI", escape(s.name)));
    }
  }
  for (const Symbols::Equality& e : symbols.equalities())
    if (known(e.a, values) && known(e.b, values) && evaluate(e.a, values) != evaluate(e.b, values))
      problems.error(fmt::format("{} = {} must equal {} = {}: {}", escape(e.a.text()), evaluate(e.a, values), escape(e.b.text()), evaluate(e.b, values),
                                 escape(e.reason)));
}

}  // namespace

SymbolValues resolve_symbols(const Signature& signature, std::span<const Tensor> inputs, const SymbolValues& given) {
  if (inputs.size() != signature.inputs.size()) throw UserError(fmt::format("{} inputs given, the model takes {}", inputs.size(), signature.inputs.size()));
  Diagnostics problems;
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (comparable(signature.inputs[i], inputs[i], problems))
      for (std::size_t d = 0; d < inputs[i].rank(); ++d) axes.push_back({&signature.inputs[i], d, inputs[i].shape()[d]});
  SymbolValues values = given;
  std::vector<Equation> known = equations(axes);
  add_told(signature, inputs, known);
  solve_all(known, values);
  check_symbols(signature.symbols, values, problems);
  check_axes(axes, values, problems);
  if (problems.failed()) throw UserError(problems.errors());
  return values;
}

SymbolValues symbols_of(std::span<const NamedType> ports, std::span<const Tensor> tensors) {
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < std::min(ports.size(), tensors.size()); ++i)
    if (ports[i].type.shape.size() == tensors[i].rank())
      for (std::size_t d = 0; d < tensors[i].rank(); ++d) axes.push_back({&ports[i], d, tensors[i].shape()[d]});
  SymbolValues values;
  solve_all(equations(axes), values);
  return values;
}

std::vector<std::size_t> dims_of(const Signature& signature, const SymbolValues& values) {
  std::vector<std::size_t> out;
  for (const Symbol& s : signature.symbols.all()) {
    const auto at = values.find(s.name);
    if (at == values.end()) internal_error("no value for the symbol " + escape(s.name));
    out.push_back(static_cast<std::size_t>(at->second));
  }
  return out;
}

std::vector<std::int64_t> shape_of(const NamedType& port, const SymbolValues& values) {
  std::vector<std::int64_t> out;
  for (const Dim& d : port.type.shape) out.push_back(evaluate(d, values));
  return out;
}

}  // namespace inferc
