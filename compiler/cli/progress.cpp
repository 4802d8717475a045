#include "compiler/cli/progress.hpp"

#include <iostream>

#include <unistd.h>

namespace inferc::cli {

Progress::Progress() : terminal_(::isatty(2) != 0) {}

void Progress::show(std::string_view what) const {
  if (terminal_) std::cerr << "\r\033[K" << what << " ..." << std::flush;
}

void Progress::show(std::string_view what, std::size_t done, std::size_t of) const {
  if (terminal_) std::cerr << "\r\033[K" << what << ' ' << done << " of " << of << std::flush;
}

void Progress::clear() const {
  if (terminal_) std::cerr << "\r\033[K" << std::flush;
}

}  // namespace inferc::cli
