#include "compiler/support/process.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  Pipe() {
    if (::pipe2(ends, O_CLOEXEC) != 0) throw UserError(fmt::format("no pipe: {}", std::strerror(errno)));
  }
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  void close_end(int i) {
    if (ends[i] >= 0) ::close(std::exchange(ends[i], -1));
  }
  int ends[2];
};

// The child's side, between fork and exec: async-signal-safe calls only. A failure is told through `failure`.
[[noreturn]] void become(char* const* words, const char* folder, bool own_group, int output, int failure) {
  if (own_group) ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  const int nothing = ::open("/dev/null", O_RDONLY);
  const bool ready = nothing >= 0 && ::dup2(nothing, 0) >= 0 && ::dup2(output, 1) >= 0 && ::dup2(output, 2) >= 0 && (!*folder || ::chdir(folder) == 0);
  if (ready) ::execvp(words[0], words);
  const int reason = errno;
  [[maybe_unused]] const ssize_t written = ::write(failure, &reason, sizeof reason);
  ::_exit(127);
}

// Reads until the end of the stream (true) or the deadline (false).
bool drain(int descriptor, const Clock::time_point* deadline, std::string& out) {
  for (;;) {
    int wait = -1;
    if (deadline) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(*deadline - Clock::now()).count();
      if (left <= 0) return false;
      wait = static_cast<int>(std::min<long long>(left, 1'000'000));
    }
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, wait) <= 0) continue;
    char buffer[4096];
    const ssize_t n = ::read(descriptor, buffer, sizeof buffer);
    if (n == 0 || (n < 0 && errno != EINTR)) return true;
    if (n > 0) out.append(buffer, static_cast<std::size_t>(n));
  }
}

int exit_status(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Finished run_process(const Command& command) {
  if (command.words.empty()) throw UserError("no command to run");
  std::vector<char*> words;
  for (const std::string& w : command.words) words.push_back(const_cast<char*>(w.c_str()));
  words.push_back(nullptr);
  Pipe output, failure;
  const auto deadline = Clock::now() + std::chrono::seconds(command.timeout_seconds);
  const pid_t child = ::fork();
  if (child < 0) throw UserError(fmt::format("cannot start '{}': {}", escape(command.words[0]), std::strerror(errno)));
  if (child == 0) become(words.data(), command.folder.c_str(), command.timeout_seconds > 0, output.ends[1], failure.ends[1]);
  if (command.timeout_seconds > 0) ::setpgid(child, child);
  output.close_end(1);
  failure.close_end(1);
  int reason = 0;
  const bool failed = ::read(failure.ends[0], &reason, sizeof reason) == static_cast<ssize_t>(sizeof reason);
  Finished out;
  out.timed_out = !failed && !drain(output.ends[0], command.timeout_seconds ? &deadline : nullptr, out.output);
  if (out.timed_out) ::kill(-child, SIGKILL);
  out.status = exit_status(child);
  if (failed) throw UserError(fmt::format("cannot start '{}': {}", escape(command.words[0]), std::strerror(reason)));
  return out;
}

std::vector<std::string> split_words(std::string_view line) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t\n");
    if (begin == std::string_view::npos) return out;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t\n"), line.size());
    out.emplace_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

}  // namespace inferc
