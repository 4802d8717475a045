#include "compiler/emit/arguments.hpp"

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

void append(std::string& list, const std::string& item, const char* separator = ", ") { list += (list.empty() ? "" : separator) + item; }

}  // namespace

std::string CallPrinter::call(const Call& c) {
  std::string templates, args, nodes;
  for (const TemplateArg& t : c.template_args) append(templates, template_arg(t));
  for (const Arg& a : c.args) append(args, std::visit([this](const auto& x) { return print(x); }, a));
  for (const std::string& n : c.nodes) append(nodes, n, " + ");
  if (!templates.empty()) templates = "<" + templates + ">";
  const std::string text = fmt::format("{}{}({})", c.kernel, templates, args);
  const std::string result = c.guards ? fmt::format("{} + static_cast<int>(f)", guarded_input_code * (*c.guards + 1)) : "static_cast<int>(f)";
  const std::string line = c.may_fault ? fmt::format("if (const Fault f = {}; f != Fault::none) return {};", text, result) : text + ";";
  return fmt::format("// {}: {}\n{}\n", nodes, c.comment, line);
}

std::string CallPrinter::variable(std::size_t buffer) const {
  const Buffer& b = program_.buffers[buffer];
  switch (b.space) {
    case Space::input: return "in_" + names_.inputs[b.index];
    case Space::output: return "out_" + names_.outputs[b.index];
    case Space::weight: return fmt::format("w{}", b.index);
    default: return fmt::format("t{}", buffer);
  }
}

std::string CallPrinter::template_arg(const TemplateArg& t) {
  if (const auto* text = std::get_if<std::string>(&t)) return *text;
  return functors_.name(*std::get<std::shared_ptr<const Expr>>(t), false);
}

std::string CallPrinter::pointer(const Operand& v) {
  touched_.insert(v.buffer.index);
  const std::string base = variable(v.buffer.index);
  return v.offset.is(0) ? base : fmt::format("{} + ({})", base, names_.size(v.offset));
}

std::string CallPrinter::typed_size(const Dim& d) const {
  return d.is_constant() ? fmt::format("dim<{}>{{}}", *d.constant()) : fmt::format("std::size_t{{{}}}", names_.size(d));
}

std::string CallPrinter::list(const std::vector<Dim>& dims, bool is_signed) const {
  std::string out;
  for (const Dim& d : dims) {
    const std::string text = names_.size(d);
    append(out, d.is_constant() ? d.text() : is_signed ? "static_cast<std::ptrdiff_t>(" + text + ")" : text);
  }
  return "{" + (out.empty() ? "0" : out) + "}";
}

std::string CallPrinter::accessor(const Accessor& a) {
  switch (a.kind) {
    case Accessor::Kind::full: return fmt::format("cpu::Full{{{}, {}}}", pointer(a.operand), names_.size(a.stride));
    case Accessor::Kind::row: return fmt::format("cpu::Row{{{}}}", pointer(a.operand));
    case Accessor::Kind::col: return fmt::format("cpu::Col{{{}, {}}}", pointer(a.operand), names_.size(a.stride));
    default: return fmt::format("cpu::Scalar{{{}}}", pointer(a.operand));
  }
}

std::string CallPrinter::print(const PointerArg& a) { return pointer(a.operand); }

std::string CallPrinter::print(const ViewArg& a) {
  const std::string type = (a.access == Access::read ? "const " : "") + public_type(a.operand.dtype);
  return fmt::format("View<{}, {}>{{{}, {}, {}}}", type, a.operand.rank(), pointer(a.operand), list(a.operand.shape, false), list(a.operand.strides, true));
}

std::string CallPrinter::print(const StridedArg& a) {
  const std::string type = (a.access == Access::read ? "const " : "") + public_type(a.operand.dtype);
  const Dim& last = a.operand.strides.back();
  return fmt::format("cpu::Strided<{}, {}, cpu::Step::{}>{{{}, {}}}", type, a.operand.rank(), last.is(1) ? "unit" : last.is(0) ? "splat" : "any",
                     pointer(a.operand), list(a.operand.strides, true));
}

std::string CallPrinter::print(const SizeArg& a) { return typed_size(a.size); }

std::string CallPrinter::print(const RuntimeSizeArg& a) { return fmt::format("std::size_t{{{}}}", names_.size(a.size)); }

std::string CallPrinter::print(const RangeArg& a) {
  const std::string end = a.runtime ? fmt::format("std::size_t{{{}}}", names_.size(a.end)) : typed_size(a.end);
  return fmt::format("Range{{{}, {}}}", typed_size(a.begin), end);
}

std::string CallPrinter::print(const ScalarArg& a) {
  if (a.dtype == DType::boolean) return a.integer != 0 ? "true" : "false";
  if (a.dtype == DType::float32) return float_literal(a.real);
  if (a.dtype == DType::float64) return real_literal(a.real);
  if (a.integer == INT64_MIN) return "(-9223372036854775807 - 1)";
  return std::to_string(a.integer);
}

std::string CallPrinter::print(const SizesArg& a) {
  return fmt::format("Sizes<{}>{{{}}}", a.sizes.size(), list(a.sizes, true));
}

std::string CallPrinter::print(const ParamsArg& a) {
  std::string out;
  for (const double v : a.values) append(out, real_literal(v));
  return fmt::format("Params<{}>{{{{{}}}}}", a.values.size(), out.empty() ? "0" : out);
}

std::string CallPrinter::print(const TypeArg& a) { return a.type; }

std::string CallPrinter::print(const AccessorArg& a) {
  return a.access == Access::write ? fmt::format("{}, {}", pointer(a.accessor.operand), names_.size(a.accessor.stride)) : accessor(a.accessor);
}

std::string CallPrinter::print(const EpilogueArg& a) {
  if (!a.expr) return "cpu::NoEpilogue{}";
  std::string operands;
  for (const Accessor& x : a.accessors) append(operands, accessor(x));
  return fmt::format("cpu::epilogue<{}>({})", functors_.name(*a.expr, true), operands);
}

}  // namespace inferc
