#include <cstdio>
#include <csignal>
#include <exception>
#include <iostream>

#include <CLI/CLI.hpp>

#include "compiler/cli/command.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc::cli {
namespace {

int run(int argc, char** argv) {
  CLI::App app("inferc: compiles a trained network (ONNX) to plain C++20", "inferc");
  app.set_version_flag("--version", INFERC_VERSION);
  app.require_subcommand(1);
  int status = ok;
  add_check(app, status);
  add_inspect(app, status);
  add_ops(app, status);
  add_compile(app, status);
  add_run(app, status);
  add_verify(app, status);
  add_weights(app, status);
  add_report(app, status);
  add_bench(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e), ok;
    std::fprintf(stderr, "error: %s\nhelp: inferc --help, inferc COMMAND --help\n", e.what());
    return usage;
  }
  std::cout.flush();
  if (std::cout.fail() || std::fflush(stdout) != 0) throw UserError("cannot write to the standard output");
  return status;
}

int guarded(int argc, char** argv) {
  try {
    return run(argc, argv);
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
