#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace inferc {

struct Finished {
  int status = 0;          // exit status; 128 + signal where a signal ended it
  bool timed_out = false;  // killed with its children after the time limit
  std::string output;      // standard output and error together
};

struct Command {
  std::vector<std::string> words;  // program (searched in PATH) and arguments
  std::filesystem::path folder;    // working folder; empty: ours
  int timeout_seconds = 0;         // 0: none
};

// Runs a program to its end, without a shell, input empty. Throws UserError when it cannot be started.
[[nodiscard]] Finished run_process(const Command& command);

// The words of a command line such as $CXX, split at blanks.
[[nodiscard]] std::vector<std::string> split_words(std::string_view line);

}  // namespace inferc
