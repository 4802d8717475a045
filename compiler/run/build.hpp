#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace inferc {

struct BuildOptions {
  std::vector<std::string> compiler{"c++"};  // words of $CXX
  std::vector<std::string> flags;            // after each source's own flags
  std::filesystem::path cache;               // built libraries are kept here
  int jobs = 2;                              // compilers at a time
};

// $CXX (else c++) and $INFERC_CACHE (else $XDG_CACHE_HOME/inferc, else ~/.cache/inferc, else a folder in /tmp).
[[nodiscard]] BuildOptions build_options();

struct BuiltModel {
  std::filesystem::path library;
  std::string name;               // N
  std::filesystem::path weights;  // N.weights in the folder; empty where embedded
  bool from_cache = false;
  double seconds = 0;  // spent compiling and linking
};

// Compiles the sources that the one manifest N.json of `folder` lists into a shared library. The library is cached
// under a key of every source and header in the folder, the flags, the compiler's path and its version; it appears
// in the cache complete or not at all. Throws UserError with the compiler's messages.
[[nodiscard]] BuiltModel build_model(const std::filesystem::path& folder, const BuildOptions& options = build_options());

}  // namespace inferc
