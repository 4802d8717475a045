#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include <fmt/format.h>

#include "compiler/cli/carry.hpp"
#include "compiler/cli/command.hpp"
#include "compiler/cli/dim_names.hpp"
#include "compiler/cli/kept.hpp"
#include "compiler/cli/named_inputs.hpp"
#include "compiler/onnx/import.hpp"
#include "compiler/onnx/reader.hpp"
#include "compiler/ops/open_size.hpp"
#include "compiler/ops/user_op.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/passes/quantisation_notes.hpp"
#include "compiler/passes/random_as_input.hpp"
#include "compiler/passes/round_weights.hpp"
#include "compiler/plan/batch.hpp"
#include "compiler/plan/row_blocks.hpp"
#include "compiler/plan/workers.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

struct DimOption {
  std::string symbol;  // or INPUT:AXIS
  Bounds bounds;
};

std::int64_t parse_size(std::string_view text, const std::string& option) {
  std::int64_t value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > unbounded)
    throw UsageError(fmt::format("--dim {}: '{}' is no size", escape(option), escape(text)), "--dim SYM=N or --dim SYM=LO..HI");
  return value;
}

DimOption parse_option(const std::string& option) {
  const std::size_t equals = option.rfind('=');
  if (equals == std::string::npos || equals == 0) throw UsageError(fmt::format("--dim {}: there is no '='", escape(option)), "--dim SYM=N or --dim SYM=LO..HI");
  const std::string_view value = std::string_view(option).substr(equals + 1);
  const std::size_t dots = value.find("..");
  DimOption out{option.substr(0, equals), {}};
  if (dots == value.npos) {
    out.bounds.lower = out.bounds.upper = parse_size(value, option);
  } else {
    out.bounds = {parse_size(value.substr(0, dots), option), parse_size(value.substr(dots + 2), option)};
    if (out.bounds.lower > out.bounds.upper) throw UsageError(fmt::format("--dim {}: the bounds are empty", escape(option)));
  }
  return out;
}

std::string known_symbols(const Graph& g) {
  std::string out;
  for (const Symbol& s : g.symbols().all()) out += (out.empty() ? "" : ", ") + s.name;
  return out.empty() ? "the model has no symbols" : "its symbols are " + out;
}

// The name that the file gives the axis of an input, whose symbol is that name made safe.
bool is_called(const onnx::Model& model, const Value& input, int axis, const std::string& name) {
  for (const onnx::ValueInfo& v : model.graph.inputs) {
    if (v.name != input.name || !v.shape || static_cast<std::size_t>(axis) >= v.shape->size()) continue;
    const std::string& parameter = (*v.shape)[static_cast<std::size_t>(axis)].parameter;
    return name == (parameter.empty() ? fmt::format("{}_d{}", v.name, axis) : parameter);
  }
  return false;
}

// Whether the file leaves a size of an output open under this name.
bool is_left_open(const Graph& g, const std::string& name) {
  return std::any_of(g.outputs().begin(), g.outputs().end(), [&](const Value* v) {
    return v->declared && std::any_of(v->declared->begin(), v->declared->end(), [&](const Dim& d) { return d == open_size(name); });
  });
}

// INPUT:AXIS names the symbol that stands there.
std::string symbol_of(Graph& g, const onnx::Model& model, const std::string& name, std::string_view option = "--dim") {
  if (g.symbols().find(name)) return name;
  if (is_left_open(g, name)) {
    g.symbols().declare(name);
    g.substitute_symbol(std::string(open_size(name).as_symbol()), Dim::symbol(name));
    return name;
  }
  for (const Value* v : g.inputs())
    for (int axis = 0; axis < v->type->rank(); ++axis)
      if (const auto symbol = v->type->shape[static_cast<std::size_t>(axis)].as_symbol(); !symbol.empty() && is_called(model, *v, axis, name))
        return std::string(symbol);
  const std::size_t colon = name.rfind(':');
  if (colon != std::string::npos)
    for (const Value* v : g.inputs())
      if (v->name == name.substr(0, colon))
        for (int axis = 0; axis < v->type->rank(); ++axis)
          if (name.substr(colon + 1) == std::to_string(axis))
            if (const auto symbol = v->type->shape[static_cast<std::size_t>(axis)].as_symbol(); !symbol.empty()) return std::string(symbol);
  throw UsageError(fmt::format("{}: the model has no symbol '{}'", option, escape(name)), known_symbols(g));
}

void fix(Graph& g, const std::string& symbol, std::int64_t value) {
  g.substitute_symbol(symbol, value);
  g.symbols().erase(symbol);
}

void apply_dims(Graph& g, const onnx::Model& model, const std::vector<std::string>& options) {
  std::vector<DimOption> parsed;
  for (const std::string& option : options) {
    parsed.push_back(parse_option(option));
    parsed.back().symbol = symbol_of(g, model, parsed.back().symbol);
  }
  for (const DimOption& o : parsed) {
    if (o.bounds.lower == o.bounds.upper) fix(g, o.symbol, o.bounds.lower);
    else g.symbols().set_bounds(o.symbol, o.bounds);
  }
}

void stop_on_problems(const Diagnostics& d) {
  if (d.failed()) throw UserError(d.errors());
}

// Beside the properties of the file, whose keys may be any.
void add_metadata(EmitOptions& o, std::string key, const std::string& value) {
  while (std::any_of(o.metadata.begin(), o.metadata.end(), [&](const auto& m) { return m.first == key; })) key += '_';
  o.metadata.emplace_back(std::move(key), value);
}

std::string identifier_of(const std::filesystem::path& model) {
  std::string out = model.stem().string();
  for (char& c : out)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return is_identifier(out) && out[0] != '_' ? out : "n_" + out;
}

// What a compiler said may have many lines.
std::string one_line(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::vector<std::size_t> strided_inputs(const Graph& graph, const std::vector<std::string>& names) {
  std::vector<std::size_t> out = places_of(graph, "--strided", names);
  for (const std::size_t i : out)
    if (const Value& v = *graph.inputs()[i]; v.type->rank() == 0)
      throw UserError(fmt::format("--strided {}: {} has no axis", escape(v.name), text(*v.type)), "leave it out");
  return out;
}

std::vector<UserHeader> define_user_ops(const std::vector<std::string>& options) {
  std::vector<UserHeader> out;
  for (const std::string& option : options) {
    const std::size_t equals = option.find('='), colons = option.rfind("::", equals);
    if (equals == option.npos || colons == option.npos || colons == 0 || colons + 2 == equals)
      throw UsageError(fmt::format("--op {}: not of the form DOMAIN::NAME=header.hpp", escape(option)),
                       "the domain and name of the operator in the model, and the header with its function");
    const std::filesystem::path path = option.substr(equals + 1);
    const MappedFile file(path);
    const std::string text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()), header = path.filename().string();
    const std::string domain = option.substr(0, colons), name = option.substr(colons + 2, equals - colons - 2);
    const UserOp* known = find_user_op(name, domain);
    if (!known) define_user_op(read_user_op(domain, name, header, text));
    if (std::none_of(out.begin(), out.end(), [&](const UserHeader& h) { return h.name == header; })) out.push_back({header, text});
  }
  return out;
}

}  // namespace

Front open_model(const ModelArguments& a) {
  Front front{onnx::read(a.model), nullptr};
  rename_dims(front.model, a.dim_names);
  front.user_headers = define_user_ops(a.op);
  Diagnostics diagnostics;
  const std::vector<CarryOption> carries = parse_carries(front.model, a.carry);
  std::set<std::string> variable;
  for (const CarryOption& c : carries) variable.insert(c.input);
  const std::vector<Assumption> assumptions = parse_assumptions(front.model.graph, a.assume);
  for (const Assumption& s : assumptions)
    if (variable.count(s.input))
      throw UsageError(fmt::format("--assume {}: the input is carried from call to call", escape(s.option)), "leave out one of --assume and --carry");
  check_named_inputs(front.model.graph, a);
  front.part = kept_part(front.model, a.keep, carries);
  if (front.part) keep_part(front.model.graph, *front.part);
  front.graph = onnx::import(front.model, diagnostics, variable);
  note_quantisation(*front.graph, diagnostics);
  print_problems(diagnostics.warnings(), "warning");
  const auto told = static_cast<std::ptrdiff_t>(diagnostics.warnings().size());
  stop_on_problems(diagnostics);
  apply_dims(*front.graph, front.model, a.dims);
  assume_fixed(*front.graph, assumptions, front.assumed);
  infer_types(*front.graph, diagnostics, {.random_as_input = a.random_as_input});
  onnx::check_output_types(front.model, *front.graph, diagnostics);
  stop_on_problems(diagnostics);
  print_problems({diagnostics.warnings().begin() + told, diagnostics.warnings().end()}, "warning");
  assume_sized(*front.graph, front.assumed);
  // What nobody reads is no part of the program, its checks included: neither of the code nor of the reference runs.
  front.graph->erase_dead();
  verify(*front.graph);
  front.carried = carries_of(*front.graph, front.model, carries);
  front.fixed = places_of(*front.graph, "--static-input", a.fixed);
  front.strided = strided_inputs(*front.graph, a.strided);
  front.rounds_weights = a.precision == "bf16";
  if (!a.batch.empty()) front.batch = symbol_of(*front.graph, front.model, a.batch, "--batch");
  return front;
}

Program lower_model(Front& front, bool for_workers) {
  run_pipeline(*front.graph, {}, front.fixed);
  print_problems(notes_of(*front.graph), "warning");
  if (front.rounds_weights) round_weights(*front.graph);
  Program out = for_workers            ? plan_for_workers(*front.graph, front.carried, front.fixed, front.strided)
                : !front.batch.empty() ? plan(*front.graph, true, front.carried, front.fixed, front.strided)  // its rows are those of all events
                                       : plan_in_blocks(*front.graph, front.carried, front.fixed, front.strided);
  if (!front.batch.empty()) out.batch = std::make_shared<const Program>(batch_program(out, front.batch));
  return out;
}

EmitOptions emit_options(const Front& front, const ModelArguments& a, const std::string& name) {
  const std::filesystem::path& model = a.model;
  EmitOptions o;
  o.name = name.empty() ? identifier_of(model) : name;
  if (!is_identifier(o.name)) throw UsageError(fmt::format("--name {}: no C++ identifier", escape(o.name)));
  o.model_sha256 = front.model.sha256;
  o.metadata = front.model.metadata;
  for (const std::string& name : a.dim_names) o.options.push_back("--dim-name=" + name);
  if (a.random_as_input) o.options.emplace_back("--random-as-input");
  for (const std::string& c : a.carry) o.options.push_back("--carry=" + c);
  for (const std::string& name : a.keep) o.options.push_back("--outputs=" + name);
  for (const std::string& s : a.assume) o.options.push_back("--assume=" + s);
  if (!a.batch.empty()) o.options.push_back("--batch=" + a.batch);
  for (const std::string& name : a.fixed) o.options.push_back("--static-input=" + name);
  for (const std::string& name : a.strided) o.options.push_back("--strided=" + name);
  if (a.precision != "f32") o.options.push_back("--precision=" + a.precision);
  for (const std::string& op : a.op) o.options.push_back("--op=" + op);
  o.user_headers = front.user_headers;
  add_metadata(o, "producer", front.model.producer_name + " " + front.model.producer_version);
  for (const auto& opset : front.model.opsets) add_metadata(o, "opset " + (opset.domain.empty() ? "ai.onnx" : opset.domain), std::to_string(opset.version));
  return o;
}

void print_problems(const std::vector<Diagnostic>& problems, const char* kind) {
  const bool color = ::isatty(2) && !std::getenv("NO_COLOR");
  for (const Diagnostic& d : problems) {
    std::cerr << (color ? "\033[1;31m" : "") << kind << ":" << (color ? "\033[0m" : "") << " " << one_line(d.message) << "\n";
    if (!d.help.empty()) std::cerr << "help: " << one_line(d.help) << "\n";
  }
}

void write_json(const std::string& path, const nlohmann::ordered_json& report) {
  const std::string text = report.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  if (path == "-") std::cout << text;
  else write_file(path, text);
}

}  // namespace inferc::cli
