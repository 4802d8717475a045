#include <algorithm>

#include <fmt/format.h>

#include "compiler/emit/arguments.hpp"
#include "compiler/emit/writer.hpp"
#include "compiler/plan/profile.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

// The pointer to a buffer, with the name that it has in the model.
std::string local(const Program& p, const Names& names, const CallPrinter& printer, std::size_t index) {
  const Buffer& b = p.buffers[index];
  const std::string type = public_type(b.dtype), name = printer.variable(index), offset = names.size(p.offsets[index]);
  const std::string comment = b.name.empty() ? "" : fmt::format("  // {}", escape(b.name));
  switch (b.space) {
    case Space::input:
      return fmt::format("const auto* const {} = static_cast<const {}*>(inputs[{}]);{}\n", name, type, b.index, comment);
    case Space::output:
      return fmt::format("auto* const {} = static_cast<{}*>(outputs[{}]);{}\n", name, type, b.index, comment);
    case Space::weight:
      return fmt::format("const auto* const {} = reinterpret_cast<const {}*>(weights + {});{}\n", name, type, offset, comment);
    default:
      return fmt::format("auto* const {} = reinterpret_cast<{}*>(arena + {});{}\n", name, type, offset, comment);
  }
}

std::string section(const std::string& title, const std::string& text) { return text.empty() ? text : "// --- " + title + "\n" + text + "\n"; }

std::string locals(const Program& p, const Names& names, const CallPrinter& printer) {
  std::string ports, weights, arena, state;
  const auto is_state = [&](std::size_t b) { return std::any_of(p.state.begin(), p.state.end(), [&](const StatePort& s) { return s.buffer.index == b; }); };
  for (std::size_t b = 0; b < p.buffers.size(); ++b) {
    if (!printer.touched(b)) continue;
    const Space space = p.buffers[b].space;
    (space == Space::weight ? weights : is_state(b) ? state : space == Space::arena ? arena : ports) += local(p, names, printer, b);
  }
  return section("sizes", names.locals("dims", "std::size_t", true) + names.arena_locals("std::size_t")) +
         section("strides of inputs, in elements", names.stride_locals("dims")) + section("inputs and outputs", ports) + section("weights", weights) +
         section("kept from call to call", state) + section("scratch; some share their place", arena);
}

// The sizes that calls found out, for the caller.
std::string measured_sizes(const Program& p, const Names& names) {
  std::string out;
  for (std::size_t i = 0; i < p.measured.size(); ++i) out += fmt::format("measured[{}] = {};\n", i, names.of_symbol(p.measured[i]));
  return out;
}

void collect_headers(const std::vector<Call>& calls, std::vector<std::string>& out) {
  for (const Call& c : calls) {
    if (!c.header.empty()) out.push_back(c.header);
    for (const auto& body : c.bodies) collect_headers(body, out);
  }
}

std::vector<std::string> headers_of(const Program& p, const std::string& code) {
  std::vector<std::string> out{"kernels/dim.hpp", "kernels/fault.hpp", "kernels/view.hpp"};
  if (p.prepare) collect_headers(p.prepare->calls, out);
  collect_headers(p.calls, out);  // a batch makes the same calls
  if (code.find("functors::") != code.npos) out.push_back("kernels/functors.hpp");
  if (code.find("cpu::split(") != code.npos || code.find("cpu::Team") != code.npos) out.push_back("kernels/cpu/split.hpp");
  if (code.find("cpu::split_events(") != code.npos) out.push_back("kernels/cpu/split_events.hpp");
  if (code.find("cpu::lap(") != code.npos) out.push_back("kernels/cpu/ticks.hpp");
  if (code.find("formats::") != code.npos) out.push_back("kernels/convert.hpp");
  if (code.find("cpu::epilogue<") != code.npos || code.find("cpu::NoEpilogue") != code.npos) out.push_back("kernels/cpu/access.hpp");
  return out;
}

std::string counters(const Program& p) {
  if (!p.profile_at) return {};
  return fmt::format("auto* const profile = reinterpret_cast<std::uint64_t*>(arena + {});\nstd::uint64_t last_tick = cpu::ticks();\n", *p.profile_at);
}

// A function with the calls of a program: its parameters, variables and calls.
struct Function {
  std::string text, variables, calls;
};

Function function_of(const Program& program, const Names& names, CallPrinter& printer, std::string_view head) {
  Function out;
  out.calls = counters(program);
  for (std::size_t i = 0; i < program.calls.size(); ++i) {
    out.calls += printer.call(program.calls[i]);
    if (program.profile_at) out.calls += fmt::format("cpu::lap(profile[{}], last_tick);\n", profile_ticks + i);
  }
  out.variables = locals(program, names, printer);
  out.text = fill(R"(
    $head$ [[maybe_unused]] const std::size_t* dims, [[maybe_unused]] const void* const* inputs,
                      [[maybe_unused]] void* const* outputs, [[maybe_unused]] std::byte* arena,
                      [[maybe_unused]] const std::byte* weights, [[maybe_unused]] std::size_t* measured) noexcept {
      $locals$
      // --- calls
      $calls$
      $measured$
      return 0;
    }
    )",
                  {{"head", std::string(head)}, {"locals", out.variables}, {"calls", out.calls}, {"measured", measured_sizes(program, names)}});
  return out;
}

// Pointers to what stands behind the events and rows before a worker's own.
std::string shifted(const std::vector<TensorPort>& ports, const Names& names, std::string_view from, std::string_view constant) {
  std::string out;
  for (std::size_t i = 0; i < ports.size(); ++i)
    out += fmt::format("{}static_cast<{}{}*>({}[{}]) + ({})", i == 0 ? "" : ", ", constant, public_type(ports[i].type.dtype), from, i,
                       names.size(product(ports[i].type.shape)));
  return out.empty() ? "nullptr" : out;
}

std::string batch_team(const Program& batch, const Names& names, std::int64_t longest) {
  return fill(R"(
    // The same by the workers of a team, each with a run of whole events and scratch of its own.
    inline int batch_team_body(const cpu::Team& team, const std::size_t* offsets, const std::size_t* dims,
                               [[maybe_unused]] const void* const* inputs, [[maybe_unused]] void* const* outputs, std::byte* arena,
                               std::size_t arena_bytes, const std::byte* weights) noexcept {
      const auto bytes = [](std::size_t event_count, std::size_t row_count) -> std::size_t {
        [[maybe_unused]] const std::size_t dims[] = {event_count, row_count};
        $sizes$
        return $bytes$;
      };
      const auto part = [&](cpu::Events own, std::byte* scratch) {
        const std::size_t before[] = {own.first, offsets[own.first]}, mine[] = {own.last - own.first, offsets[own.last] - offsets[own.first]};
        $before$
        const void* const in[] = {$inputs$};
        void* const out[] = {$outputs$};
        return batch_body(offsets + own.first, mine, in, out, scratch, weights, nullptr);
      };
      return cpu::split_events(team, offsets, dims[0], $longest$, arena, arena_bytes, bytes, part);
    }
    )",
              {{"sizes", names.locals("dims", "std::size_t", true) + names.arena_locals("std::size_t")},
               {"bytes", names.size(batch.arena_bytes)},
               {"before", names.locals("before", "std::size_t", true)},
               {"inputs", shifted(batch.inputs, names, "inputs", "const ")},
               {"outputs", shifted(batch.outputs, names, "outputs", "")},
               {"longest", std::to_string(longest)}});
}

}  // namespace

std::string emit_body(const Program& program, const Names& names, const EmitOptions& o) {
  CallPrinter printer(program, names);
  const Function one = function_of(program, names, printer, "inline int body(");
  Function batch, team, prepare;
  std::string by_events;
  Functors functors = printer.functors();
  if (program.prepare) {
    const Names prepare_names(*program.prepare);
    CallPrinter more(*program.prepare, prepare_names, functors);
    prepare = function_of(*program.prepare, prepare_names, more, "// What the static inputs alone decide.\ninline int prepare_body(");
    functors = more.functors();
  }
  if (o.threads) {
    CallPrinter more(program, names, functors);
    more.share();
    team = function_of(program, names, more, "// The same by the workers of a team.\ninline int team_body([[maybe_unused]] const cpu::Team& team,");
    functors = more.functors();
  }
  if (program.batch) {
    const Names batch_names(*program.batch);
    CallPrinter more(*program.batch, batch_names, functors);
    batch = function_of(*program.batch, batch_names, more,
                        "// The same over all events of a batch.\ninline int batch_body([[maybe_unused]] const std::size_t* offsets,");
    functors = more.functors();
    if (o.threads) by_events = batch_team(*program.batch, batch_names, program.symbols->all().front().bounds.upper);
  }
  return fill(R"(
    // Generated by inferc $version$: the model '$name$'. Its calls are at the end, after the kernels that they use; each stands
    // below the ONNX nodes that it computes.

    $kernels$
    // ======== the model
    using namespace inferc;

    $size_functions$
    $functors$
    $prepare$
    $body$
    $team$
    $batch$
    $by_events$
    )",
              {{"version", INFERC_VERSION},
               {"name", escape(o.name)},
               {"kernels", amalgamate(headers_of(program, functors.definitions() + prepare.calls + one.calls + team.text + by_events), o.user_headers)},
               {"size_functions", size_functions(prepare.variables + prepare.calls + one.variables + one.calls + batch.variables + batch.calls + by_events)},
               {"functors", functors.definitions()},
               {"prepare", prepare.text},
               {"body", one.text},
               {"team", team.text},
               {"batch", batch.text},
               {"by_events", by_events}});
}

}  // namespace inferc
