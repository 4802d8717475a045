#include <cmath>

#include <fmt/format.h>

#include "compiler/ir/graph.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

constexpr std::size_t largest_inline_constant = 16;

// Quoted so that the parser gets every byte back.
std::string quoted(std::string_view s) {
  std::string out = "\"";
  for (const char c : s) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') out += fmt::format("\\x{:02x}", byte);
    else out += c;
  }
  return out + "\"";
}

std::string real(double v) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v > 0 ? "inf" : "-inf";
  std::string out = fmt::format("{}", v);
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}
std::string real(float v) {
  if (!std::isfinite(v)) return real(static_cast<double>(v));
  std::string out = fmt::format("{}", v);
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

template <class T>
std::string elements(const Tensor& t) {
  std::string out;
  for (const T v : t.as<T>()) {
    out += out.empty() ? "" : ", ";
    if constexpr (std::is_floating_point_v<T>) out += real(v);
    else out += std::to_string(v);
  }
  return out;
}

std::string tensor_elements(const Tensor& t) {
  return by_storage(t.dtype(), [&]<class T>(std::type_identity<T>) { return elements<T>(t); });
}

std::string tensor_text(const Tensor& t) {
  std::string shape;
  for (const std::int64_t d : t.shape()) shape += (shape.empty() ? "" : ", ") + std::to_string(d);
  return fmt::format("{}[{}] {{{}}}", short_name(t.dtype()), shape, tensor_elements(t));
}

template <class T, class F>
std::string list(const std::vector<T>& values, F text_of) {
  std::string out;
  for (const T& v : values) out += (out.empty() ? "" : ", ") + text_of(v);
  return "[" + out + "]";
}

struct AttributeText {
  std::string operator()(std::int64_t v) const { return std::to_string(v); }
  std::string operator()(float v) const { return real(v); }
  std::string operator()(const std::string& v) const { return quoted(v); }
  std::string operator()(const std::vector<std::int64_t>& v) const {
    return "ints" + list(v, [](std::int64_t x) { return std::to_string(x); });
  }
  std::string operator()(const std::vector<float>& v) const {
    return "floats" + list(v, [](float x) { return real(x); });
  }
  std::string operator()(const std::vector<std::string>& v) const {
    return "strings" + list(v, [](const std::string& x) { return quoted(x); });
  }
  std::string operator()(const Tensor& v) const { return "tensor " + tensor_text(v); }
};

class Printer {
 public:
  std::string graph(const Graph& g, const std::string& margin) {
    std::string out = "graph " + quoted(g.name) + " {\n";
    const std::string in = margin + "  ";
    if (margin.empty()) out += symbols(g, in);
    for (const Value* v : g.inputs()) out += in + definition(*v) + " = input\n";
    std::size_t k = 0;
    for (const Value* v : g.constants()) {
      const bool small = v->constant->size() <= largest_inline_constant;
      out += in + definition(*v) + " = constant " + (small ? tensor_text(*v->constant) : fmt::format("#{}", k)) + "\n";
      ++k;
    }
    for (const Node* n : g.nodes()) out += in + node(*n, in) + "\n";
    out += in + "return";
    for (std::size_t i = 0; i < g.outputs().size(); ++i) out += (i ? ", " : " ") + reference(g.outputs()[i]);
    return out + "\n" + margin + "}";
  }

 private:
  static std::string symbols(const Graph& g, const std::string& margin) {
    std::string out;
    for (const Symbol& s : g.symbols().all()) out += fmt::format("{}symbol {}: {}..{}\n", margin, s.name, s.bounds.lower, s.bounds.upper);
    for (const Symbol& s : g.symbols().measured()) out += fmt::format("{}measured {}: {}\n", margin, s.name, s.limit->text());
    return out;
  }
  static std::string reference(const Value* v) { return v ? "%" + std::to_string(v->id) : "_"; }
  static std::string definition(const Value& v) {
    std::string out = reference(&v);
    if (!v.name.empty()) out += " " + quoted(v.name);
    return v.type ? out + ": " + text(*v.type) : out;
  }
  std::string node(const Node& n, const std::string& margin) {
    std::string out;
    for (const Value* v : n.outputs) out += (out.empty() ? "" : ", ") + (v ? definition(*v) : std::string("_"));
    out += " = " + (n.domain.empty() ? n.op : n.domain + "." + n.op) + "(";
    for (std::size_t i = 0; i < n.inputs.size(); ++i) out += (i ? ", " : "") + reference(n.inputs[i]);
    out += ")";
    std::string attributes;
    for (const auto& [key, value] : n.attributes) attributes += (attributes.empty() ? "" : ", ") + quoted(key) + " = " + std::visit(AttributeText{}, value);
    if (!attributes.empty()) out += " {" + attributes + "}";
    if (!n.name.empty()) out += " name " + quoted(n.name);
    if (n.opset > 0) out += " opset " + std::to_string(n.opset);
    if (!n.origins.empty()) out += " from " + list(n.origins, [](const std::string& s) { return quoted(s); });
    if (!n.measures.empty()) out += " measures " + list(n.measures, [](const std::string& s) { return quoted(s); });
    for (const Region& r : n.regions) out += fmt::format("\n{}  region {} captures {} {}", margin, quoted(r.name), r.captures, graph(*r.graph, margin + "  "));
    return out;
  }
};

}  // namespace

std::string text(const Graph& g) { return Printer().graph(g, "") + "\n"; }

}  // namespace inferc
