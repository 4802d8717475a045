#pragma once
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inferc {

// One problem with the user's model or command: `message` has the address (node, operator, opset, shapes) and the
// reason, `help` the remedy (may be empty). Neither ends in a newline; names out of a model are already escaped.
struct Diagnostic {
  std::string message;
  std::string help;
  bool operator==(const Diagnostic&) const = default;
};

// All problems found so far. Phases collect; the caller decides when to stop.
class Diagnostics {
 public:
  void error(std::string message, std::string help = {}) { all_.push_back({std::move(message), std::move(help)}); }
  void warning(std::string message, std::string help = {}) { warnings_.push_back({std::move(message), std::move(help)}); }
  [[nodiscard]] bool failed() const { return !all_.empty(); }
  [[nodiscard]] const std::vector<Diagnostic>& errors() const { return all_; }
  [[nodiscard]] const std::vector<Diagnostic>& warnings() const { return warnings_; }

 private:
  std::vector<Diagnostic> all_, warnings_;
};

// The user's model or command is wrong: exit code 1. Carries every problem.
class UserError : public std::exception {
 public:
  explicit UserError(std::vector<Diagnostic> problems) : problems_(std::move(problems)) {}
  explicit UserError(std::string message, std::string help = {}) : problems_{{std::move(message), std::move(help)}} {}
  [[nodiscard]] const std::vector<Diagnostic>& problems() const { return problems_; }
  [[nodiscard]] const char* what() const noexcept override { return problems_.front().message.c_str(); }

 private:
  std::vector<Diagnostic> problems_;
};

// We are wrong: a broken invariant of ours.
class InternalError : public std::exception {
 public:
  explicit InternalError(std::string message) : message_("internal error: " + std::move(message)) {}
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

[[noreturn]] inline void internal_error(std::string message) { throw InternalError(std::move(message)); }

// A name out of a model file as printable ASCII on one line: quotes, backslashes, control and non-ASCII bytes as
// \xNN, "*/" and trigraphs broken up, cut after 120 characters. Safe in comments and string literals.
[[nodiscard]] std::string escape(std::string_view name);

}  // namespace inferc
