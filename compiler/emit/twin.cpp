#include <algorithm>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/plan/told_sizes.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

int symbol_index(const Symbols& symbols, std::string_view name) {
  for (std::size_t i = 0; i < symbols.all().size(); ++i)
    if (symbols.all()[i].name == name) return static_cast<int>(i);
  return -1;
}

int measured_index(const Program& p, std::string_view name) {
  const auto at = std::find(p.measured.begin(), p.measured.end(), name);
  return at == p.measured.end() ? -1 : static_cast<int>(at - p.measured.begin());
}

// One array of sizes per tensor.
std::string dim_tables(const Program& p, const std::vector<TensorPort>& ports, const std::string& prefix) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    std::string rows;
    for (const Dim& d : ports[i].type.shape) {
      const Bounds b = p.symbols->bounds(d);
      rows += fmt::format("{{\"{}\", {}, {}, {}, {}}}, ", escape(d.text()), std::max<std::int64_t>(b.lower, 0), std::max<std::int64_t>(b.upper, 0),
                          symbol_index(*p.symbols, d.as_symbol()), measured_index(p, d.as_symbol()));
    }
    out += fmt::format("constexpr inferc_dim {}_{}_dims[] = {{{}{{nullptr, 0, 0, -1, -1}}}};\n", prefix, i, rows);
  }
  return out;
}

std::string port_table(const std::vector<TensorPort>& ports, const std::vector<std::string>& members, const std::string& prefix) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    const DType t = ports[i].type.dtype;
    out += fmt::format("{{\"{}\", \"{}\", \"{}\", {}, {}, {}, {}_{}_dims}},\n", escape(ports[i].name), members[i], name(t), static_cast<int>(t), byte_size(t),
                       ports[i].type.rank(), prefix, i);
  }
  return out;
}

std::string symbol_table(const Program& p, const Names& names) {
  std::string out;
  const auto& all = p.symbols->all();
  for (std::size_t i = 0; i < all.size(); ++i)
    out += fmt::format("{{\"{}\", \"{}\", {}, {}}},\n", escape(all[i].name), names.symbols[i], all[i].bounds.lower, all[i].bounds.upper);
  return out;
}

std::string measured_table(const Program& p, const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < p.measured.size(); ++i)
    out +=
        fmt::format("{{\"{}\", \"{}\", \"{}\"}},\n", escape(p.measured[i]), names.measured[i], escape(p.symbols->at_limits(Dim::symbol(p.measured[i])).text()));
  return out.empty() ? out : "constexpr inferc_measured measured_info[] = {\n" + out + "};\n";
}

std::string told_table(const std::vector<ToldSize>& told) {
  std::string out;
  for (const ToldSize& t : told) out += fmt::format("{{\"{}\", {}, {}}},\n", escape(t.size.text()), t.input, t.element);
  return out.empty() ? out : "constexpr inferc_told told_info[] = {\n" + out + "};\n";
}

// A size; for a null `measured` the most that it may be.
std::string shape_size(const Symbols& symbols, const Names& names, const Dim& d) {
  if (!symbols.has_measured(d)) return names.size(d);
  return fmt::format("measured ? {} : {}", names.size(d), names.size(symbols.at_limits(d)));
}

std::string measured_locals(const Program& p, const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < p.measured.size(); ++i)
    out += fmt::format("[[maybe_unused]] const std::size_t {} = measured ? measured[{}] : 0;\n", names.of_symbol(p.measured[i]), i);
  return out;
}

std::string shape_cases(const Symbols& symbols, const Names& names, const std::vector<TensorPort>& ports) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (ports[i].type.rank() == 0) continue;
    out += fmt::format("if (index == {}) {{\n", i);
    for (std::size_t d = 0; d < ports[i].type.shape.size(); ++d)
      out += fmt::format("  shape[{}] = {};\n", d, shape_size(symbols, names, ports[i].type.shape[d]));
    out += "}\n";
  }
  return out;
}

// Arrays that are absent though they have elements.
std::string null_arrays(const Program& p) {
  std::string out;
  if (!p.symbols->all().empty()) out += "if (!dims) return static_cast<int>(Status::dim_out_of_bounds);\n";
  if (!p.inputs.empty()) out += "if (!inputs) return static_cast<int>(Status::buffer_too_small);\n";
  if (!p.outputs.empty()) out += "if (!outputs) return static_cast<int>(Status::buffer_too_small);\n";
  return out;
}

std::string copy_ports(const Program& p) {
  return std::string(p.inputs.empty() ? "" : "for (std::size_t i = 0; i < input_count; ++i) in[i] = {inputs[i].data, inputs[i].bytes};\n") +
         (p.outputs.empty() ? "" : "for (std::size_t i = 0; i < output_count; ++i) out[i] = {outputs[i].data, outputs[i].bytes};\n");
}

constexpr std::string_view twin_template = R"(
  // --- the C twin: see inferc_abi.h

  extern "C" const inferc_model* $name$_inferc(void);

  namespace {

  constexpr inferc_symbol symbols[] = {
      $symbols$
      {nullptr, nullptr, 0, 0}};
  $measured_table$
  $told_table$
  $stride_table$
  $dim_tables$
  constexpr inferc_tensor_info inputs_info[] = {
      $inputs$
      {nullptr, nullptr, nullptr, 0, 0, 0, nullptr}};
  $static_tables$
  constexpr inferc_tensor_info outputs_info[] = {
      $outputs$
      {nullptr, nullptr, nullptr, 0, 0, 0, nullptr}};

  std::size_t c_workspace_bytes([[maybe_unused]] const std::size_t* dims) noexcept {
    $bounds$
    $size_locals$
    return $arena_bytes$;
  }
  void c_input_shape([[maybe_unused]] std::size_t index, [[maybe_unused]] const std::size_t* dims, [[maybe_unused]] std::size_t* shape) noexcept {
    $locals$
    $input_shapes$
  }
  void c_output_shape([[maybe_unused]] std::size_t index, [[maybe_unused]] const std::size_t* dims, [[maybe_unused]] const std::size_t* measured,
                      [[maybe_unused]] std::size_t* shape) noexcept {
    $locals$
    $measured_locals$
    $output_shapes$
  }
  int c_load(void* model, const char* path) noexcept {
    detail::Weights w{};
    const Status s = $load$;
    std::memcpy(model, &w, sizeof(w));
    return static_cast<int>(s);
  }
  int c_load_memory(void* model, const void* file, std::size_t bytes) noexcept {
    detail::Weights w{};
    const Status s = load_memory(w, static_cast<const std::byte*>(file), bytes);
    std::memcpy(model, &w, sizeof(w));
    return static_cast<int>(s);
  }
  void c_unload(void* model) noexcept {
    if (model) release(*static_cast<detail::Weights*>(model));
  }
  const char* c_isa(const void* model) noexcept {
    const auto* w = static_cast<const detail::Weights*>(model);
    return w && w->data ? path_names[w->path] : "";
  }
  int $run_name$(const void* model, const std::size_t* dims, $strides_parameter$[[maybe_unused]] const inferc_input* inputs, [[maybe_unused]] const inferc_output* outputs,
            [[maybe_unused]] std::size_t* measured, inferc_workspace* w) noexcept {
    detail::In in[input_count + 1] = {};
    detail::Out out[output_count + 1] = {};
    $unwanted$
    if (!w) return static_cast<int>(Status::out_of_memory);
    w->offender = SIZE_MAX;
    if (!model) return static_cast<int>(Status::bad_weights);
    $null_arrays$
    $pointers$
    $begun$
    $sizes$
    return static_cast<int>(execute(*static_cast<const detail::Weights*>(model), $given$, in, out, static_cast<std::byte*>(w->data), w->bytes, $measured_argument$, w->offender$fresh$));
  }
  $run_dense$
  $prepare$
  $reset$
  const char* c_text(int status) noexcept { return text(static_cast<Status>(status)); }

  constexpr inferc_model table = {
      INFERC_ABI_VERSION, sizeof(inferc_model), "$name$", "$version$", "$sha$", "$name$.weights",
      $symbol_count$, symbols, $measured_count$, $measured_info$, input_count, inputs_info, output_count, outputs_info, sizeof(detail::Weights),
      c_workspace_bytes, c_input_shape, c_output_shape, c_load, c_load_memory, c_unload, c_isa, c_run, c_text, $reset_entry$, $told_count$, $told_info$,
      $static_entries$, $profile_at$, $profile_calls$, $stride_entries$};

  }  // namespace

  extern "C" const inferc_model* $name$_inferc(void) { return &table; }
  )";

std::string reset_function(const Program& p) {
  if (p.state.empty()) return {};
  return fill(R"(
    int c_reset(const void* model, inferc_workspace* w) noexcept {
      if (!w) return static_cast<int>(Status::out_of_memory);
      w->offender = SIZE_MAX;
      if (!model || !static_cast<const detail::Weights*>(model)->data) return static_cast<int>(Status::bad_weights);
      if (!holds(w->data, w->bytes, state_bytes) || !aligned(w->data, 64)) return static_cast<int>(Status::out_of_memory);
      initial_state(static_cast<std::byte*>(w->data), static_cast<const detail::Weights*>(model)->data);
      return static_cast<int>(Status::ok);
    }
    )");
}

std::string static_tables(const Program& p) {
  if (!p.prepare) return {};
  std::string places;
  for (const std::size_t i : p.static_inputs) places += fmt::format("{}{}", places.empty() ? "" : ", ", i);
  const auto& ports = p.prepare->inputs;
  return fill(R"(
    $dims$
    constexpr inferc_tensor_info static_info[] = {
        $ports$
        {nullptr, nullptr, nullptr, 0, 0, 0, nullptr}};
    constexpr std::size_t static_places[] = {$places$};
    )",
              {{"dims", dim_tables(p, ports, "static")}, {"ports", port_table(ports, Names(*p.prepare).inputs, "static")}, {"places", places}});
}

std::string prepare_function(const Program& p) {
  if (!p.prepare) return {};
  return fill(R"(
    int c_prepare(const void* model, [[maybe_unused]] const std::size_t* dims, const inferc_input* inputs, inferc_workspace* w) noexcept {
      detail::In in[preparing::input_count] = {};
      if (!w) return static_cast<int>(Status::out_of_memory);
      w->offender = SIZE_MAX;
      if (!model) return static_cast<int>(Status::bad_weights);
      $no_dims$
      if (!inputs) return static_cast<int>(Status::buffer_too_small);
      for (std::size_t i = 0; i < preparing::input_count; ++i) in[i] = {inputs[i].data, inputs[i].bytes};
      return static_cast<int>(preparing::execute(*static_cast<const detail::Weights*>(model), dims, in, nullptr, static_cast<std::byte*>(w->data), w->bytes, w->offender));
    }
    )",
              {{"no_dims", p.symbols->all().empty() ? "" : "if (!dims) return static_cast<int>(Status::dim_out_of_bounds);\n"}});
}

// --- strides: behind the sizes in what a call is given

std::string stride_table(const Program& p) {
  std::string out;
  for (std::size_t i = 0; i < p.inputs.size(); ++i)
    for (const StridePort* s : strides_of(p, p.inputs[i])) out += fmt::format("{{{}, {}}},\n", i, s->axis);
  return out.empty() ? out : "constexpr inferc_stride stride_info[] = {\n" + out + "};\n";
}

// The sizes, then the strides given or, without them, those of dense inputs.
std::string sizes_and_strides(const Program& p, const Names& names) {
  if (p.strides.empty()) return {};
  const std::size_t symbols = p.symbols->all().size();
  std::string dense;
  for (const TensorPort& t : p.inputs) {
    if (strides_of(p, t).empty()) continue;
    for (const Dim& d : dense_strides(t.type.shape)) dense += (dense.empty() ? "" : ", ") + names.size(d);
  }
  return fill(R"(
    $locals$
    const std::size_t dense[] = {$dense$};
    std::size_t sizes[$all$];
    $copy$
    for (std::size_t k = 0; k < $strides$; ++k) sizes[$symbols$ + k] = strides ? strides[k] : dense[k] != 0 ? dense[k] : 1;
    )",
              {{"locals", names.locals("dims", "std::size_t", true)},
               {"dense", dense},
               {"all", std::to_string(symbols + p.strides.size())},
               {"copy", symbols == 0 ? "" : fmt::format("for (std::size_t k = 0; k < {}; ++k) sizes[k] = dims[k];\n", symbols)},
               {"strides", std::to_string(p.strides.size())},
               {"symbols", std::to_string(symbols)}});
}

constexpr std::string_view run_dense = R"(
  int c_run(const void* model, const std::size_t* dims, const inferc_input* inputs, const inferc_output* outputs, std::size_t* measured, inferc_workspace* w) noexcept {
    return c_run_strided(model, dims, nullptr, inputs, outputs, measured, w);
  }
  )";

}  // namespace

std::string emit_twin(const Program& p, const Names& names, const EmitOptions& o) {
  const std::string locals = names.locals("dims", "std::size_t", true);
  const CheckedSize bytes = arena_size(p, names, "dims", true);
  const std::vector<ToldSize> told = told_sizes(p);
  return fill(twin_template,
              {{"symbols", symbol_table(p, names)},
               {"dim_tables", dim_tables(p, p.inputs, "input") + dim_tables(p, p.outputs, "output")},
               {"inputs", port_table(p.inputs, names.inputs, "input")},
               {"outputs", port_table(p.outputs, names.outputs, "output")},
               {"size_locals", bytes.locals},
               {"arena_bytes", bytes.value},
               {"locals", locals},
               {"input_shapes", shape_cases(*p.symbols, names, p.inputs)},
               {"output_shapes", shape_cases(*p.symbols, names, p.outputs)},
               {"name", o.name},
               {"version", INFERC_VERSION},
               {"sha", o.model_sha256},
               {"load", o.embed_weights
                            ? "path ? load_file(w, path) : load_memory(w, embedded_weights, static_cast<std::size_t>(embedded_weights_end - embedded_weights))"
                            : "load_file(w, path)"},
               {"bounds", p.symbols->all().empty() ? ""
                                                   : fmt::format("if (!dims) return SIZE_MAX;\nfor (std::size_t i = 0; i < {}; ++i)\n  if (dims[i] < "
                                                                 "symbols[i].lower || dims[i] > symbols[i].upper) return SIZE_MAX;\n",
                                                                 p.symbols->all().size())},
               {"unwanted", p.measured.empty() ? "" : fmt::format("std::size_t unwanted[{}] = {{}};\n", p.measured.size())},
               {"measured_table", measured_table(p, names)},
               {"measured_locals", measured_locals(p, names)},
               {"measured_count", std::to_string(p.measured.size())},
               {"measured_info", p.measured.empty() ? "nullptr" : "measured_info"},
               {"measured_argument", p.measured.empty() ? "measured" : "measured ? measured : unwanted"},
               {"reset", reset_function(p)},
               {"reset_entry", p.state.empty() ? "nullptr" : "c_reset"},
               {"fresh", p.state.empty() ? "" : ", fresh"},
               {"begun", p.state.empty() ? "" : "bool fresh = false;  // c_reset began the state\n"},
               {"prepare", prepare_function(p)},
               {"static_tables", static_tables(p)},
               {"static_entries", p.prepare ? "preparing::input_count, static_info, static_places, c_prepare" : "0, nullptr, nullptr, nullptr"},
               {"profile_at", p.profile_at ? "profile_at" : "SIZE_MAX"},
               {"profile_calls", std::to_string(p.profile_at ? p.calls.size() : 0)},
               {"told_table", told_table(told)},
               {"told_count", std::to_string(told.size())},
               {"told_info", told.empty() ? "nullptr" : "told_info"},
               {"stride_table", stride_table(p)},
               {"stride_entries", p.strides.empty() ? "0, nullptr, nullptr" : fmt::format("{}, stride_info, c_run_strided", p.strides.size())},
               {"run_name", p.strides.empty() ? "c_run" : "c_run_strided"},
               {"strides_parameter", p.strides.empty() ? "" : "const std::size_t* strides, "},
               {"sizes", sizes_and_strides(p, names)},
               {"given", p.strides.empty() ? "dims" : "sizes"},
               {"run_dense", p.strides.empty() ? "" : fill(run_dense)},
               {"pointers", copy_ports(p)},
               {"null_arrays", null_arrays(p)},
               {"symbol_count", std::to_string(p.symbols->all().size())}});
}

}  // namespace inferc
