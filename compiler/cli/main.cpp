#include <csignal>
#include <cstdio>
#include <exception>

#include "compiler/cli/command.hpp"
#include "compiler/cli/command_line.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::cli {
namespace {

int guarded(int argc, char** argv) {
  try {
    return run_command(argc, argv);
  } catch (const UsageError& e) {
    print_problems({{e.what(), e.help()}});
    return usage;
  } catch (const UserError& e) {
    print_problems(e.problems());
  } catch (const std::exception& e) {
    print_problems({{e.what(), ""}});
  }
  return failed;
}

}  // namespace
}  // namespace inferc::cli

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that has gone away is an error like a full disk
  return inferc::cli::guarded(argc, argv);
}
