#include "compiler/emit/writer.hpp"

#include "compiler/support/diagnostics.hpp"

namespace inferc {
namespace {

const std::string& lookup(std::string_view name, std::initializer_list<Hole> holes) {
  for (const Hole& h : holes)
    if (h.first == name) return h.second;
  internal_error("template hole $" + std::string(name) + "$ has no value");
}

std::size_t margin_of(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \n");
  return first == text.npos ? 0 : first - (text.rfind('\n', first) + 1);
}

std::string fill_line(std::string_view line, std::initializer_list<Hole> holes) {
  std::string out;
  for (std::size_t open; (open = line.find('$')) != line.npos;) {
    const std::size_t close = line.find('$', open + 1);
    if (close == line.npos) internal_error("a template hole is not closed: " + std::string(line));
    out.append(line.substr(0, open)).append(lookup(line.substr(open + 1, close - open - 1), holes));
    line.remove_prefix(close + 1);
  }
  return out.append(line);
}

std::string indented(std::string_view text, std::size_t by) {
  std::string out;
  while (!text.empty()) {
    const std::size_t eol = std::min(text.find('\n'), text.size());
    if (eol > 0) out.append(by, ' ').append(text.substr(0, eol));
    out += '\n';
    text.remove_prefix(std::min(eol + 1, text.size()));
  }
  return out;
}

}  // namespace

std::string fill(std::string_view text, std::initializer_list<Hole> holes) {
  const std::size_t margin = margin_of(text);
  if (!text.empty() && text[0] == '\n') text.remove_prefix(1);
  std::string out;
  while (!text.empty()) {
    const std::size_t eol = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, eol);
    text.remove_prefix(std::min(eol + 1, text.size()));
    const std::size_t lead = std::min(line.find_first_not_of(' '), line.size());
    line.remove_prefix(std::min(margin, lead));
    const std::size_t indent = std::min(line.find_first_not_of(' '), line.size());
    const bool alone = line.size() > indent + 2 && line[indent] == '$' && line.find('$', indent + 1) == line.size() - 1;
    if (alone) out += indented(lookup(line.substr(indent + 1, line.size() - indent - 2), holes), indent);
    else if (!line.empty() || !text.empty()) out += fill_line(line, holes) + '\n';
  }
  return out;
}

}  // namespace inferc
