#pragma once
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>

#include "compiler/run/build.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {

// A copy of tests/run/sample with its weights (scale = 1, 2, -1) in a new folder.
inline std::filesystem::path sample_folder(const std::string& test) {
  const auto folder = scratch_dir(test);
  const auto from = source_dir() / "tests/run/sample";
  for (const char* file : {"sample.cpp", "sample.json"}) std::filesystem::copy(from / file, folder / file);
  std::filesystem::copy(source_dir() / "compiler/run/inferc_abi.h", folder / "inferc_abi.h");
  const std::string header = R"({"__metadata__":{"model":"sample"},"scale":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})";
  const std::uint64_t length = header.size();
  const float scale[] = {1, 2, -1};
  std::string weights(sizeof length + sizeof scale, '\0');
  std::memcpy(weights.data(), &length, sizeof length);
  std::memcpy(weights.data() + sizeof length, scale, sizeof scale);
  write_file(folder / "sample.weights", weights.insert(sizeof length, header));
  return folder;
}

// The usual compiler, quick, with a cache that the tests of one process share.
inline BuildOptions sample_options() {
  static const std::filesystem::path cache = scratch_dir("sample_cache");
  BuildOptions out = build_options();
  out.flags = {"-O1"};
  out.cache = cache;
  return out;
}

inline BuiltModel sample_model() { return build_model(sample_folder("sample_model"), sample_options()); }

}  // namespace inferc::test
