#pragma once
#include <cstddef>
#include <string_view>

namespace inferc::cli {

// One line on standard error that tells how far long work is; nothing where standard error is no terminal.
class Progress {
 public:
  Progress();
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void show(std::string_view what) const;
  void show(std::string_view what, std::size_t done, std::size_t of) const;
  void clear() const;  // before other output

 private:
  bool terminal_;
};

}  // namespace inferc::cli
