#include "compiler/support/isolate.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <exception>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

using Clock = std::chrono::steady_clock;
using Task = std::function<std::string()>;

struct Child {
  std::size_t task = 0;
  pid_t process = -1;
  int output = -1;
  Clock::time_point deadline;
  std::string bytes;
};

void write_all(int descriptor, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(descriptor, text.data() + at, text.size() - at);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) at += static_cast<std::size_t>(n);
  }
}

// The child's side: its result, or with exit status 1 the message of its exception.
[[noreturn]] void perform(const Task& task, int output) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  if (const int nothing = ::open("/dev/null", O_RDWR); nothing >= 0)
    for (int standard = 0; standard <= 2; ++standard) ::dup2(nothing, standard);
  try {
    write_all(output, task());
    ::_exit(0);
  } catch (const std::exception& e) {
    write_all(output, e.what());
  }
  ::_exit(1);
}

Child start(std::span<const Task> tasks, std::size_t index, const IsolateOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw UserError(fmt::format("no pipe: {}", std::strerror(errno)));
  const pid_t process = ::fork();
  if (process < 0) throw UserError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (process == 0) perform(tasks[index], ends[1]);
  ::setpgid(process, process);
  ::close(ends[1]);
  return {index, process, ends[0], Clock::now() + std::chrono::seconds(options.timeout_seconds), {}};
}

// True at the end of the stream.
bool read_some(Child& c) {
  char buffer[65536];
  const ssize_t n = ::read(c.output, buffer, sizeof buffer);
  if (n > 0) c.bytes.append(buffer, static_cast<std::size_t>(n));
  return n == 0 || (n < 0 && errno != EINTR);
}

Outcome finish(Child& c, bool timed_out, const IsolateOptions& options) {
  if (timed_out) ::kill(-c.process, SIGKILL);
  siginfo_t ended{};
  while (::waitid(P_PID, static_cast<id_t>(c.process), &ended, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  ::kill(-c.process, SIGKILL);  // what it started; its own number is still taken
  int status = 0;
  while (::waitpid(c.process, &status, 0) < 0 && errno == EINTR) {
  }
  ::close(c.output);
  if (timed_out) return {false, {}, fmt::format("no end after {} s", options.timeout_seconds)};
  if (WIFSIGNALED(status)) return {false, {}, fmt::format("signal {} ({})", WTERMSIG(status), ::strsignal(WTERMSIG(status)))};
  if (WEXITSTATUS(status) == 0) return {true, std::move(c.bytes), {}};
  return {false, {}, c.bytes.empty() ? fmt::format("exit status {}", WEXITSTATUS(status)) : std::move(c.bytes)};
}

int milliseconds_left(const std::vector<Child>& running) {
  const auto first = std::min_element(running.begin(), running.end(), [](const Child& a, const Child& b) { return a.deadline < b.deadline; });
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(first->deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left + 1, 0, 1'000'000));
}

}  // namespace

std::vector<Outcome> run_isolated(std::span<const Task> tasks, const IsolateOptions& options, const std::function<void(std::size_t)>& done) {
  std::vector<Outcome> out(tasks.size());
  std::vector<Child> running;
  std::size_t next = 0, finished = 0;
  while (finished < tasks.size()) {
    while (next < tasks.size() && running.size() < static_cast<std::size_t>(std::max(1, options.jobs))) running.push_back(start(tasks, next++, options));
    std::vector<pollfd> waiting;
    for (const Child& c : running) waiting.push_back({c.output, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), milliseconds_left(running));
    for (std::size_t i = running.size(); i-- > 0;) {
      const bool ended = (waiting[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && read_some(running[i]);
      const bool timed_out = !ended && Clock::now() >= running[i].deadline;
      if (!ended && !timed_out) continue;
      out[running[i].task] = finish(running[i], timed_out, options);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
      if (done) done(++finished);
      else ++finished;
    }
  }
  return out;
}

}  // namespace inferc
