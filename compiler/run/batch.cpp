#include "compiler/run/batch.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::string content(const fs::path& path) {
  const MappedFile file(path);
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// What a source is for: its name without the model's ("_v3.cpp").
struct Role {
  std::string suffix;
  std::vector<std::string> flags;
  auto operator<=>(const Role&) const = default;
};

void append_sources(const fs::path& folder, std::map<Role, std::string>& merged) {
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") continue;
    const Json manifest = Json::parse(content(entry.path()));
    const auto name = manifest.at("name").get<std::string>();
    for (const Json& s : manifest.at("sources")) {
      const auto file = s.at("file").get<std::string>();
      if (!file.starts_with(name)) throw UserError(fmt::format("source '{}' does not carry the model's name", escape(file)));
      merged[{file.substr(name.size()), s.at("cxxflags").get<std::vector<std::string>>()}] += content(folder / file) + "\n";
    }
  }
}

void copy_headers(const fs::path& folder, const fs::path& to) {
  for (const auto& entry : fs::directory_iterator(folder))
    if (const auto extension = entry.path().extension(); extension == ".hpp" || extension == ".h")
      fs::copy_file(entry.path(), to / entry.path().filename(), fs::copy_options::overwrite_existing);
}

}  // namespace

void merge_models(std::span<const fs::path> folders, const fs::path& to, const std::string& name) {
  fs::create_directories(to);
  std::map<Role, std::string> merged;
  for (const fs::path& folder : folders) {
    append_sources(folder, merged);
    copy_headers(folder, to);
  }
  Json sources = Json::array();
  std::set<std::string> names;
  for (const auto& [role, text] : merged) {
    std::string file = name + role.suffix;
    for (int n = 2; !names.insert(file).second; ++n) file = fmt::format("{}_{}{}", name, n, role.suffix);
    write_file(to / file, text);
    sources.push_back({{"file", file}, {"cxxflags", role.flags}});
  }
  write_file(to / (name + ".json"), Json{{"name", name}, {"sources", sources}}.dump(1));
}

}  // namespace inferc
