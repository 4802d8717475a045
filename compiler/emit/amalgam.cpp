#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/resources.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

class Amalgam {
 public:
  explicit Amalgam(const std::vector<UserHeader>& users) : users_(users) {}
  void take(const std::string& path) {
    if (!taken_.insert(path).second) return;
    std::string own;
    std::string_view text = text_of(path);
    while (!text.empty()) {
      const std::size_t eol = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, eol);
      text.remove_prefix(std::min(eol + 1, text.size()));
      if (line.starts_with(ours)) take(std::string(line.substr(ours.size(), line.size() - ours.size() - 1)));
      else if (!line.starts_with("#include <") && line != "#pragma once") own.append(line) += '\n';
    }
    own.erase(0, std::min(own.find_first_not_of('\n'), own.size()));
    text_ += "// ---- " + path + "\n" + own + "\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  [[nodiscard]] std::string_view text_of(const std::string& path) const {
    for (const UserHeader& u : users_)
      if (u.name == path) return u.text;
    for (const Resource& r : resources())
      if (r.path == path) return r.text;
    throw UserError(fmt::format("there is no kernel header '{}'", escape(path)), "a header of an operator includes \"kernels/view.hpp\" and standard headers");
  }
  static constexpr std::string_view ours = "#include \"";
  const std::vector<UserHeader>& users_;
  std::set<std::string> taken_;
  std::string text_;
};

}  // namespace

std::string user_includes(const std::vector<UserHeader>& users) {
  std::set<std::string> lines;
  for (const UserHeader& u : users) {
    std::istringstream text(u.text);
    for (std::string line; std::getline(text, line);)
      if (line.starts_with("#include <")) lines.insert(line + "\n");
  }
  std::string out;
  for (const std::string& line : lines) out += line;
  return out;
}

std::string amalgamate(const std::vector<std::string>& headers, const std::vector<UserHeader>& users) {
  Amalgam out(users);
  for (const std::string& h : headers) out.take(h);
  return out.text();
}

}  // namespace inferc
