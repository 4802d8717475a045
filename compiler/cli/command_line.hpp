#pragma once

namespace inferc::cli {

// Reads the command line and runs its command; returns the exit code. Throws what the command throws.
[[nodiscard]] int run_command(int argc, char** argv);

}  // namespace inferc::cli
