#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/cli/command.hpp"
#include "compiler/plan/profile.hpp"
#include "compiler/run/reference_samples.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

void write(const std::filesystem::path& folder, const std::vector<File>& files) {
  std::vector<FileView> views;
  for (const File& f : files) views.push_back({f.name, f.content});
  write_files(folder, views);
}

// One word of a shell's command line.
std::string quoted(const std::filesystem::path& path) {
  std::string out = "'";
  for (const char c : path.string()) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// What a user without inferc types to build a library of the model.
std::string build_line(const EmitOptions& o) {
  std::string out, objects;
  for (const SourceFile& f : sources(o)) {
    const std::string object = std::filesystem::path(f.name).stem().string() + ".o";
    const bool assembly = f.name.ends_with(".S");
    out += fmt::format("c++ {}{} -c {} -o {} && ", assembly ? "" : "-std=c++20 ", fmt::join(f.flags, " "), f.name, object);
    objects += " " + object;
  }
  return fmt::format("{}ar rcs lib{}.a{}", out, o.name, objects);
}

void set_paths(EmitOptions& o, const std::vector<std::string>& given) {
  for (const std::string& path : given)
    if (!is_code_path(path)) throw UsageError(fmt::format("--isa {}: no such code path", escape(path)), "base, v3, v4, v4q, neon");
  o.paths = given;
  if (!sort_paths(o.paths)) throw UsageError("--isa: code paths of different machines", "base,v3,v4,v4q or base,neon");
}

// A::B of identifiers.
void check_namespace(const std::string& name) {
  for (std::size_t at = 0; at <= name.size();) {
    const std::size_t end = std::min(name.find("::", at), name.size());
    if (!is_identifier(name.substr(at, end - at))) throw UsageError(fmt::format("--namespace {}: no C++ namespace", escape(name)), "--namespace A::B");
    at = end + 2;
  }
}

// The limits that the user set, before anything is written.
void check_limits(const CompileArguments& a, const Program& p, const std::vector<File>& files, const EmitOptions& o) {
  Diagnostics problems;
  const auto workspace = p.arena_bytes.constant();
  if (a.max_workspace && !workspace)
    problems.error(fmt::format("--max-workspace {}: a call needs {} bytes of workspace", *a.max_workspace, workspace_text(p)),
                   "bound the sizes: --dim SYM=LO..HI");
  if (a.max_workspace && workspace && static_cast<std::uint64_t>(*workspace) > *a.max_workspace)
    problems.error(fmt::format("--max-workspace {}: a call needs {} bytes of workspace", *a.max_workspace, *workspace),
                   "lower the upper bounds of the sizes (--dim SYM=LO..HI), or keep fewer outputs (--outputs)");
  std::uint64_t code = 0;
  for (const File& f : files)
    if (f.name.ends_with(".cpp") || f.name.ends_with(".hpp")) code += f.name == o.name + "_selftest.cpp" ? 0 : f.content.size();
  if (a.max_code && code > *a.max_code)
    problems.error(fmt::format("--max-code {}: the generated code has {} bytes", *a.max_code, code), "keep fewer outputs (--outputs)");
  if (problems.failed()) throw UserError(problems.errors());
}

}  // namespace

int compile(const CompileArguments& a) {
  if (!a.name_space.empty()) check_namespace(a.name_space);
  Front front = open_model(a);
  EmitOptions o = emit_options(front, a, a.name);
  o.name_space = a.name_space;
  o.embed_weights = a.embed_weights;
  o.threads = a.threads;
  if (a.threads) o.options.emplace_back("--threads");
  if (a.profile) o.options.emplace_back("--profile");
  set_paths(o, a.paths);
  o.samples = reference_samples(*front.graph, front.carried);
  Program program = lower_model(front, a.threads);
  if (a.profile) reserve_profile(program);
  if (a.paths.empty()) o.paths = default_paths(program);
  const std::vector<File> files = emit(program, o);
  check_limits(a, program, files, o);
  write(a.output, files);
  const std::string workspace = workspace_text(program), build = fmt::format("(cd {} && {})", quoted(a.output), build_line(o));
  if (a.json != "-")
    std::cout << fmt::format("{}: {} calls, {} bytes of weights, {} bytes of workspace\nbuild: {}\n", o.name, program.calls.size(), weights_size(program),
                             workspace, build);
  if (a.json.empty()) return ok;
  auto names = nlohmann::ordered_json::array();
  for (const File& f : files) names.push_back(f.name);
  write_json(a.json, {{"name", o.name},
                      {"folder", a.output.string()},
                      {"files", names},
                      {"calls", program.calls.size()},
                      {"weights_bytes", weights_size(program)},
                      {"workspace_bytes", workspace},
                      {"build", build}});
  return ok;
}

}  // namespace inferc::cli
