#include "tests/support/built.hpp"

#include "compiler/emit/emit.hpp"
#include "compiler/support/cpu.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {
namespace {

std::filesystem::path emitted(Program program, const std::string& test, const std::vector<std::string>& paths) {
  EmitOptions options;
  options.name = program.name = "net";
  options.paths = paths;
  const std::vector<File> files = emit(program, options);
  std::vector<FileView> views;
  for (const File& f : files) views.push_back({f.name, f.content});
  const auto folder = scratch_dir(test) / "out";
  write_files(folder, views);
  return folder;
}

}  // namespace

std::vector<std::string> paths_here() {
  std::vector<std::string> out{"base"};
#if defined(__x86_64__)
  if (has_v3()) out.emplace_back("v3");
  if (has_v4()) out.emplace_back("v4");
#endif
  return out;
}

BuiltModel built(Program program, const std::string& test, const std::vector<std::string>& paths) {
  BuildOptions options = build_options();
  if (!OPTIMISED_TESTS) options.flags = {"-O1", "-Dalways_inline=unused"};
  options.cache = scratch_dir(test + "_cache");
  return build_model(emitted(std::move(program), test, paths), options);
}

}  // namespace inferc::test
