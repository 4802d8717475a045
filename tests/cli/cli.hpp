#pragma once
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "compiler/support/process.hpp"

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

}  // namespace inferc::test
