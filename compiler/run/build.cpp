#include "compiler/run/build.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "compiler/support/diagnostics.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/process.hpp"
#include "compiler/support/sha256.hpp"

namespace inferc {
namespace {

namespace fs = std::filesystem;

struct Source {
  std::string file;
  std::vector<std::string> flags;
};

struct Manifest {
  std::string name;
  std::vector<Source> sources;
};

std::string_view text_of(const MappedFile& file) { return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()}; }

fs::path manifest_path(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".json") found.push_back(entry.path());
  if (error) throw UserError(fmt::format("cannot read the folder '{}': {}", escape(folder.string()), error.message()));
  if (found.size() != 1) throw UserError(fmt::format("'{}' holds {} manifests (N.json) of compiled models, not one", escape(folder.string()), found.size()));
  return found[0];
}

Manifest read_manifest(const fs::path& folder) {
  const fs::path path = manifest_path(folder);
  const MappedFile file(path);
  try {
    const auto json = nlohmann::json::parse(text_of(file));
    Manifest out{json.at("name").get<std::string>(), {}};
    for (const auto& s : json.at("sources")) {
      out.sources.push_back({s.at("file").get<std::string>(), s.at("cxxflags").get<std::vector<std::string>>()});
      if (fs::path(out.sources.back().file).has_parent_path()) throw UserError("a source lies outside the folder");
    }
    return out;
  } catch (const nlohmann::json::exception& e) {
    throw UserError(fmt::format("'{}' is no manifest of a compiled model: {}", escape(path.string()), e.what()));
  }
}

bool embeds_weights(const Manifest& manifest) {
  return std::any_of(manifest.sources.begin(), manifest.sources.end(), [](const Source& s) { return s.file.ends_with(".S"); });
}

// Every file that the compiler may read; the weights only where an assembler source embeds them.
std::vector<fs::path> files_read(const fs::path& folder, const Manifest& manifest) {
  const bool embeds = embeds_weights(manifest);
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension();
    if (extension == ".hpp" || extension == ".h" || (embeds && extension == ".weights")) out.push_back(entry.path());
  }
  for (const Source& s : manifest.sources) out.push_back(folder / s.file);
  std::sort(out.begin(), out.end());
  return out;
}

std::string find_program(const std::string& word) {
  if (word.find('/') != std::string::npos) return word;
  const char* const path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    const fs::path candidate = fs::path(rest.substr(0, end)) / word;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  throw UserError(fmt::format("no compiler '{}' in PATH", escape(word)), "set CXX to g++ >= 11 or clang++ >= 14");
}

// Distinguishes compilers of one name: every word's program and what --version says.
std::string identity(const BuildOptions& options) {
  if (options.compiler.empty()) throw UserError("CXX names no compiler", "set CXX to g++ >= 11 or clang++ >= 14");
  std::vector<std::string> words = options.compiler;
  words.push_back("--version");
  const Finished version = run_process({words, {}, 0});
  if (version.status != 0) throw UserError(fmt::format("'{} --version' fails: {}", fmt::join(options.compiler, " "), version.output));
  return find_program(options.compiler[0]) + "\n" + fmt::format("{}\n", fmt::join(options.compiler, " ")) + version.output;
}

std::vector<std::string> flags_of(const Source& source, const BuildOptions& options) {
  std::vector<std::string> out{"-std=c++20", "-fPIC"};
  out.insert(out.end(), source.flags.begin(), source.flags.end());
  out.insert(out.end(), options.flags.begin(), options.flags.end());
  return out;
}

std::string key_of(const fs::path& folder, const Manifest& manifest, const BuildOptions& options) {
  std::string text = identity(options);
  for (const Source& s : manifest.sources) text += fmt::format("{} {}\n", s.file, fmt::join(flags_of(s, options), "\t"));
  for (const fs::path& file : files_read(folder, manifest)) text += fmt::format("{} {}\n", file.filename().string(), sha256(MappedFile(file).bytes()));
  return sha256(std::as_bytes(std::span(text)));
}

// A private folder below the cache, removed at the end: what is built in it becomes visible by one rename.
class Scratch {
 public:
  explicit Scratch(const fs::path& cache) {
    std::error_code error;
    fs::create_directories(cache, error);
    std::string pattern = (cache / "build-XXXXXX").string();
    if (error || !::mkdtemp(pattern.data()))
      throw UserError(fmt::format("cannot write to the cache '{}'", escape(cache.string())), "set INFERC_CACHE to a folder you can write to");
    path_ = pattern;
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

struct Job {
  Command command;
  Finished result;
  std::vector<Diagnostic> problems;  // could not be started
};

void run_all(std::vector<Job>& jobs, int workers) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next++) < jobs.size();) try {
        jobs[i].result = run_process(jobs[i].command);
      } catch (const UserError& e) {
        jobs[i].problems = e.problems();
      }
  };
  std::vector<std::jthread> threads;
  for (int i = 1; i < workers; ++i) threads.emplace_back(work);
  work();
}

void require_success(const Job& job, const std::string& what) {
  if (!job.problems.empty()) throw UserError(job.problems);
  if (job.result.status == 0) return;
  throw UserError(fmt::format("{} does not compile ({}):\n{}", escape(what), fmt::join(job.command.words, " "), job.result.output));
}

void compile(const fs::path& folder, const Manifest& manifest, const BuildOptions& options, const fs::path& objects, const fs::path& library) {
  std::vector<Job> jobs;
  Command link{options.compiler, folder, 0};
  link.words.insert(link.words.end(), {"-shared", "-o", library});
  for (std::size_t i = 0; i < manifest.sources.size(); ++i) {
    const Source& s = manifest.sources[i];
    const fs::path object = objects / fmt::format("{}.o", i);
    Command command{options.compiler, folder, 0};
    for (const auto& flags : {flags_of(s, options), std::vector<std::string>{"-c", s.file, "-o", object}})
      command.words.insert(command.words.end(), flags.begin(), flags.end());
    jobs.push_back({command, {}, {}});
    link.words.push_back(object);
  }
  run_all(jobs, options.jobs);
  for (std::size_t i = 0; i < jobs.size(); ++i) require_success(jobs[i], manifest.sources[i].file);
  std::vector<Job> linking{{link, {}, {}}};
  run_all(linking, 1);
  require_success(linking[0], manifest.name);
}

fs::path default_cache() {
  const auto folder = [](const char* variable) {
    const char* const value = std::getenv(variable);
    return fs::path(value && *value ? value : "");
  };
  if (const fs::path own = folder("INFERC_CACHE"); !own.empty()) return fs::absolute(own);
  if (const fs::path xdg = folder("XDG_CACHE_HOME"); xdg.is_absolute()) return xdg / "inferc";
  if (const fs::path home = folder("HOME"); home.is_absolute()) return home / ".cache" / "inferc";
  return fs::temp_directory_path() / fmt::format("inferc-cache-{}", ::getuid());
}

}  // namespace

BuildOptions build_options() {
  BuildOptions out;
  if (const char* const cxx = std::getenv("CXX"); cxx && *cxx) out.compiler = split_words(cxx);
  out.cache = default_cache();
  return out;
}

BuiltModel build_model(const fs::path& folder, const BuildOptions& options) {
  const Manifest manifest = read_manifest(folder);
  BuiltModel out{{}, manifest.name, {}, true, 0};
  if (!embeds_weights(manifest)) out.weights = folder / (manifest.name + ".weights");
  out.library = options.cache / (key_of(folder, manifest, options) + ".so");
  if (fs::exists(out.library)) return out;
  const auto start = std::chrono::steady_clock::now();
  const Scratch scratch(options.cache);
  const fs::path library = scratch.path() / "model.so";
  compile(fs::absolute(folder), manifest, options, scratch.path(), library);
  std::error_code error;
  fs::rename(library, out.library, error);
  if (error) throw UserError(fmt::format("cannot write '{}': {}", escape(out.library.string()), error.message()));
  out.from_cache = false;
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return out;
}

}  // namespace inferc
