#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace inferc {

// What a task that ran in a child process of its own left behind.
struct Outcome {
  bool finished = false;  // the task returned; `result` is what it returned
  std::string result;
  std::string failure;  // otherwise why: a signal, the time limit, or the message of an exception
};

struct IsolateOptions {
  int jobs = 1;              // children at a time
  int timeout_seconds = 60;  // of each task; its process group is killed after it
};

// Runs every task in a child process of its own, forked without exec: one that crashes, hangs or exhausts memory does
// not touch the others. `done` is called in the parent after each. The caller must have no other thread.
[[nodiscard]] std::vector<Outcome> run_isolated(std::span<const std::function<std::string()>> tasks, const IsolateOptions& options,
                                                const std::function<void(std::size_t finished)>& done = {});

}  // namespace inferc
