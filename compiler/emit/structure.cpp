#include <cctype>

#include "compiler/emit/parts.hpp"
#include "compiler/support/sha256.hpp"

namespace inferc {
namespace {

// Reads C++ text without raw strings.
class CodeOnly {
 public:
  explicit CodeOnly(std::string_view text) : text_(text) {}
  std::string take() {
    while (at_ < text_.size()) step();
    line_end();
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool meets(std::string_view what) const { return text_.substr(at_, what.size()) == what; }
  void step() {
    if (meets("//")) at_ = std::min(text_.find('\n', at_), text_.size());
    else if (meets("/*")) at_ = std::min(text_.find("*/", at_ + 2), text_.size() - 2) + 2;
    else if (meets("\n")) line_end(), ++at_;
    else if (meets("\"") || (meets("'") && !separates_digits())) literal();
    else line_ += text_[at_++];
  }
  [[nodiscard]] bool separates_digits() const { return at_ > 0 && std::isalnum(static_cast<unsigned char>(text_[at_ - 1])); }
  void literal() {
    const char quote = text_[at_];
    do {
      if (text_[at_] == '\\') line_ += text_[at_++];
      if (at_ < text_.size()) line_ += text_[at_++];
    } while (at_ < text_.size() && text_[at_] != quote);
    if (at_ < text_.size()) line_ += text_[at_++];
  }
  void line_end() {
    line_.erase(line_.find_last_not_of(" \t") + 1);
    if (!line_.empty()) out_ += line_ + "\n";
    line_.clear();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string line_, out_;
};

}  // namespace

std::string without_comments(std::string_view code) { return CodeOnly(code).take(); }

std::string structure_hash(const Program& p, const Names& names, std::string_view body) {
  EmitOptions neutral;
  neutral.name = "model";
  neutral.paths = {};
  const std::string code = without_comments(emit_header(p, names, neutral) + emit_source(p, names, neutral).append(body));
  return sha256(std::as_bytes(std::span(code)));
}

}  // namespace inferc
