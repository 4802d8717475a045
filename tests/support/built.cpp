#include "tests/support/built.hpp"

#include "compiler/emit/emit.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {

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

BuiltModel built(Program program, const std::string& test, const std::vector<std::string>& paths) {
  BuildOptions options = build_options();
  options.flags = {"-O1"};
  options.cache = scratch_dir(test + "_cache");
  return build_model(emitted(std::move(program), test, paths), options);
}

}  // namespace inferc::test
