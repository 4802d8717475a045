#pragma once
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "compiler/support/process.hpp"
#include "tests/support/built.hpp"
#include "tests/support/onnx_writer.hpp"
#include "tests/support/paths.hpp"

namespace inferc::test {

// The program with these words behind its name, for at most five minutes.
inline Finished cli(std::vector<std::string> words) {
  words.insert(words.begin(), INFERC);
  return run_process({words, {}, 300});
}

inline std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline ValueSpec f32(const std::string& name, std::vector<DimSpec> shape) { return {name, DType::float32, std::move(shape)}; }

// The model as a file in a new folder of the test's name.
inline std::filesystem::path written(const std::string& test, const ModelSpec& m) {
  const std::filesystem::path path = scratch_dir(test) / "model.onnx";
  write_model(path, m);
  return path;
}

// What the command prints; it must succeed.
inline std::string shell(const std::string& command, const std::filesystem::path& folder) {
  const Finished done = run_process({{"bash", "-c", command}, folder, 300});
  EXPECT_EQ(done.status, 0) << command << "\n" << done.output;
  return done.output;
}

}  // namespace inferc::test
