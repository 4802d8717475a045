#include "compiler/cli/later.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace inferc::cli {
namespace {

constexpr const char* valued[] = {"--outputs", "--assume", "--batch", "--precision", "--strided", "--static-input", "--carry",
                                  "--op", "--max-workspace", "--max-code", "--target", "--dim-name"};
constexpr const char* flags[] = {"--threads", "--random-as-input", "--profile", "--blas"};

[[noreturn]] void refuse(const char* name) { throw UsageError(fmt::format("{}: not yet", name), "this option comes with a later version"); }

}  // namespace

void add_later_options(CLI::App& command) {
  for (const char* name : valued)
    if (!command.get_option_no_throw(name))
      command.add_option_function<std::vector<std::string>>(name, [name](const auto&) { refuse(name); })->take_all()->allow_extra_args(false)->group("");
  for (const char* name : flags)
    if (!command.get_option_no_throw(name)) command.add_flag_function(name, [name](std::int64_t) { refuse(name); })->group("");
}

}  // namespace inferc::cli
