#include "compiler/emit/arguments.hpp"

#include <fmt/format.h>

#include "compiler/emit/threads.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/plan/batch.hpp"
#include "compiler/plan/control.hpp"
#include "compiler/plan/size_checks.hpp"
#include "compiler/plan/workers.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

void append(std::string& list, const std::string& item, const char* separator = ", ") { list += (list.empty() ? "" : separator) + item; }

const char* step_of(const Dim& last) { return last.is(1) ? "unit" : last.is(0) ? "splat" : "any"; }

std::string node_names(const Call& c) {
  std::string out;
  for (const std::string& n : c.nodes) append(out, n, " + ");
  return out;
}

}  // namespace

std::string CallPrinter::require(const Call& c) const {
  const auto size = [&](std::size_t i) { return names_.size(std::get<SizeArg>(c.args[i]).size); };
  const std::string wrong = c.args.size() == 2 ? fmt::format("{} != {}", size(0), size(1)) : fmt::format("static_cast<std::int64_t>({}) < 0", size(0));
  return fmt::format("if ({}) return static_cast<int>(Fault::dim_mismatch);  // {}\n", wrong, escape(c.nodes.front()));
}

std::string CallPrinter::block(const std::vector<Call>& calls) {
  std::string out;
  for (const Call& c : calls) out += call(c);
  std::string text = fill("{\n  $calls$\n}", {{"calls", out}});
  text.pop_back();  // what follows the brace may stay on its line
  return text;
}

std::string CallPrinter::element(const Arg& arg) {
  const std::string at = pointer(std::get<PointerArg>(arg).operand);
  return at.find(' ') == at.npos ? "*" + at : "*(" + at + ")";
}

std::string CallPrinter::branch(const Call& c) {
  const std::string condition = element(c.args[0]);
  const std::string taken = block(c.bodies[0]), other = c.bodies[1].empty() ? "" : " else " + block(c.bodies[1]);
  return fmt::format("// {}\nif ({}) {}{}\n", node_names(c), condition, taken, other);
}

std::string CallPrinter::loop(const Call& c) {
  const std::string i = names_.of_symbol(c.measures);
  std::string goes_on;
  if (const auto* n = std::get_if<SizeArg>(&c.args[0])) {
    const bool natural = program_.symbols->bounds(n->size).lower >= 0;
    goes_on = natural ? fmt::format("{} < {}", i, names_.size(n->size))
                      : fmt::format("static_cast<std::int64_t>({}) < static_cast<std::int64_t>({})", i, names_.size(n->size));
  } else if (std::holds_alternative<PointerArg>(c.args[0])) {
    goes_on = fmt::format("static_cast<std::int64_t>({}) < {}", i, element(c.args[0]));
  }
  if (std::holds_alternative<PointerArg>(c.args[1])) append(goes_on, element(c.args[1]), " && ");
  return fmt::format("// {}\n[[maybe_unused]] std::size_t {} = 0;\nfor (; {}; ++{}) {}\n", node_names(c), i, goes_on, i, block(c.bodies[0]));
}

std::string CallPrinter::size_of_its_own(const Call& c) {
  const std::string value = c.args.empty() ? "0" : names_.size(std::get<SizeArg>(c.args[0]).size);
  const char* const declares = c.kernel == assign_kernel ? "" : "[[maybe_unused]] std::size_t ";
  return fmt::format("{}{} = {};\n", declares, names_.of_symbol(c.measures), value);
}

// The loop over the events of a batch, and the sizes of one of them.
std::string CallPrinter::events(const Call& c) {
  const std::string set = names_.of_symbol(c.measures), from = names_.size(std::get<SizeArg>(c.args[0]).size);
  if (c.kernel == event_rows_kernel) return fmt::format("[[maybe_unused]] const std::size_t {} = offsets[{}] - offsets[0];\n", set, from);
  if (c.kernel == event_size_kernel) return fmt::format("[[maybe_unused]] const std::size_t {0} = offsets[{1} + 1] - offsets[{1}];\n", set, from);
  return fmt::format("// event by event\nfor (std::size_t {0} = 0; {0} < {1}; ++{0}) {2}\n", set, from, block(c.bodies[0]));
}

// The call for a part of its range, which the workers divide among them.
std::string CallPrinter::shared(const Call& c, std::int64_t grain, const std::string& templates) {
  const auto own = c.worker_scratch;
  std::string args = "units";
  for (std::size_t i = 1; i < c.args.size(); ++i) {
    const std::string text = std::visit([this](const auto& x) { return print(x); }, c.args[i]);
    append(args, i == own ? fmt::format("{} + worker * ({})", text, names_.size(std::get<PointerArg>(c.args[i]).operand.size())) : text);
  }
  const std::string units = names_.size(std::get<RangeArg>(c.args[0]).end);
  return fmt::format("cpu::split(team, {}, {}, [&](Range<std::size_t, std::size_t> units{}) {{ {}{}({}); }}{})", units, grain,
                     own ? ", std::size_t worker" : "", c.kernel, templates, args, own ? fmt::format(", {}", most_workers) : "");
}

std::string CallPrinter::call(const Call& c) {
  if (c.kernel == require_kernel) return require(c);
  if (c.kernel == branch_kernel) return branch(c);
  if (c.kernel == loop_kernel) return loop(c);
  if (c.kernel == events_kernel || c.kernel == event_rows_kernel || c.kernel == event_size_kernel) return events(c);
  if (c.kernel == declare_kernel || c.kernel == assign_kernel) return size_of_its_own(c);
  std::string templates, args;
  for (const TemplateArg& t : c.template_args) append(templates, template_arg(t));
  for (const Arg& a : c.args) append(args, std::visit([this](const auto& x) { return print(x); }, a));
  if (!templates.empty()) templates = "<" + templates + ">";
  const auto grain = shares_ ? shared_grain(program_, c) : std::nullopt;
  const std::string text = grain ? shared(c, *grain, templates) : fmt::format("{}{}({})", c.kernel, templates, args);
  const std::string result = c.guards ? fmt::format("{} + static_cast<int>(f)", guarded_input_code * (*c.guards + 1)) : "static_cast<int>(f)";
  std::string line = c.may_fault ? fmt::format("if (const Fault f = {}; f != Fault::none) return {};", text, result) : text + ";";
  if (!c.measures.empty()) line = fmt::format("[[maybe_unused]] const std::size_t {} = {}", names_.of_symbol(c.measures), line);
  return fmt::format("// {}: {}\n{}\n", node_names(c), c.comment, line);
}

std::string CallPrinter::variable(std::size_t buffer) const {
  const Buffer& b = program_.buffers[buffer];
  switch (b.space) {
    case Space::input:
      return "in_" + names_.inputs[b.index];
    case Space::output:
      return "out_" + names_.outputs[b.index];
    case Space::weight:
      return fmt::format("w{}", b.index);
    default:
      return fmt::format("t{}", buffer);
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

std::string CallPrinter::signed_size(const Dim& d) const { return d.is_constant() ? d.text() : "static_cast<std::ptrdiff_t>(" + names_.size(d) + ")"; }

std::string CallPrinter::list(const std::vector<Dim>& dims, bool is_signed) const {
  std::string out;
  for (const Dim& d : dims) append(out, is_signed ? signed_size(d) : d.is_constant() ? d.text() : names_.size(d));
  return "{" + (out.empty() ? "0" : out) + "}";
}

std::string CallPrinter::accessor(const Accessor& a) {
  switch (a.kind) {
    case Accessor::Kind::full:
      return fmt::format("cpu::Full{{{}, {}}}", pointer(a.operand), names_.size(a.stride));
    case Accessor::Kind::row:
      return fmt::format("cpu::Row{{{}}}", pointer(a.operand));
    case Accessor::Kind::col:
      return fmt::format("cpu::Col{{{}, {}}}", pointer(a.operand), names_.size(a.stride));
    case Accessor::Kind::gathered:
      return fmt::format("cpu::GatheredRow<{}>{{{}, {}, {}, {}}}", public_type(a.index.dtype), pointer(a.operand), signed_size(a.stride), pointer(a.index),
                         signed_size(a.rows));
    default:
      return fmt::format("cpu::Scalar{{{}}}", pointer(a.operand));
  }
}

std::string CallPrinter::print(const PointerArg& a) { return pointer(a.operand); }

std::string CallPrinter::print(const ViewArg& a) {
  const std::string type = (a.access == Access::read ? "const " : "") + public_type(a.operand.dtype);
  return fmt::format("View<{}, {}>{{{}, {}, {}}}", type, a.operand.rank(), pointer(a.operand), list(a.operand.shape, false), list(a.operand.strides, true));
}

std::string CallPrinter::print(const StridedArg& a) {
  const std::string type = (a.access == Access::read ? "const " : "") + public_type(a.operand.dtype);
  return fmt::format("cpu::Strided<{}, {}, cpu::Step::{}>{{{}, {}}}", type, a.operand.rank(), step_of(a.operand.strides.back()), pointer(a.operand),
                     list(a.operand.strides, true));
}

std::string CallPrinter::print(const GatheredArg& a) {
  return fmt::format("cpu::Gathered<const {}, {}, {}, cpu::Step::{}>{{{}, {}, {}, {}, {}, {}}}", public_type(a.table.dtype), public_type(a.index.dtype),
                     a.strides.size(), step_of(a.strides.back()), pointer(a.table), list(a.strides, true), pointer(a.index), list(a.index_strides, true),
                     signed_size(a.row), signed_size(a.rows));
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

std::string CallPrinter::print(const SizesArg& a) { return fmt::format("Sizes<{}>{{{}}}", a.sizes.size(), list(a.sizes, true)); }

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
