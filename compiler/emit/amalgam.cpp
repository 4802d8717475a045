#include <algorithm>
#include <set>

#include "compiler/emit/parts.hpp"
#include "compiler/emit/resources.hpp"
#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

class Amalgam {
 public:
  void take(const std::string& path) {
    if (!taken_.insert(path).second) return;
    const auto all = resources();
    const auto at = std::find_if(all.begin(), all.end(), [&](const Resource& r) { return r.path == path; });
    if (at == all.end()) internal_error("there is no kernel header " + path);
    std::string own;
    std::string_view text = at->text;
    while (!text.empty()) {
      const std::size_t eol = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, eol);
      text.remove_prefix(std::min(eol + 1, text.size()));
      if (line.starts_with(ours))
        take(std::string(line.substr(ours.size(), line.size() - ours.size() - 1)));
      else if (!line.starts_with("#include <") && line != "#pragma once")
        own.append(line) += '\n';
    }
    own.erase(0, std::min(own.find_first_not_of('\n'), own.size()));
    text_ += "// ---- " + path + "\n" + own + "\n";
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  static constexpr std::string_view ours = "#include \"";
  std::set<std::string> taken_;
  std::string text_;
};

}  // namespace

std::string amalgamate(const std::vector<std::string>& headers) {
  Amalgam out;
  for (const std::string& h : headers) out.take(h);
  return out.text();
}

}  // namespace inferc
