#include <algorithm>
#include <cmath>
#include <iostream>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compiler/cli/command.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

using Json = nlohmann::ordered_json;

struct PeerTime {
  std::string name;
  double ns = 0, ours_ns = 0;  // medians by one protocol

  [[nodiscard]] double ratio() const { return ns / ours_ns; }
};

struct Row {
  std::string name, isa;
  double ns = 0;
  std::optional<double> asked;  // ratio to ONNX Runtime
  std::vector<PeerTime> peers;
};

// Times over one size.
struct Sweep {
  std::string name, symbol;
  std::vector<std::pair<double, Row>> points;
};

struct Measurements {
  std::vector<Row> rows;
  std::vector<Sweep> sweeps;
  std::vector<std::pair<std::string, std::string>> machine;
};

std::string html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

std::string plain(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

// --- reading: reports of `inferc bench --json`, and what scripts/bench stores of many

Row row_of(const Json& report) {
  Row r{std::filesystem::path(report.at("model").get<std::string>()).stem().string(), report.at("isa"), report.at("ours_ns").at("median"), {}, {}};
  for (const auto& [name, size] : report.at("dims").items()) r.name += " " + name + "=" + plain(size);
  if (report.value("cold", false)) r.name += ", cold caches";
  if (report.value("threads", 1) != 1) r.name += fmt::format(", {} threads", report["threads"].dump());
  if (report.contains("onnxruntime_ns"))
    r.peers.push_back({"ONNX Runtime " + report.at("onnxruntime").at("version").get<std::string>(), report["onnxruntime_ns"].at("median"), r.ns});
  return r;
}

void note_machine(Measurements& out, const Json& machine) {
  for (const auto& [key, value] : machine.items())
    if (std::none_of(out.machine.begin(), out.machine.end(), [&](const auto& m) { return m.first == key && m.second == plain(value); }))
      out.machine.emplace_back(key, plain(value));
}

Row row_of_case(const Json& entry) {
  Row r = row_of(entry.at("report"));
  r.name = entry.at("case");
  if (entry.contains("asked") && entry["asked"].is_number()) r.asked = entry["asked"].get<double>();
  const Json peers = entry.value("peers", Json::object());
  for (const auto& [name, peer] : peers.items())
    if (peer.contains("median"))
      r.peers.push_back({name + " " + peer.value("version", ""), peer["median"], peer.contains("ours") ? peer["ours"].at("median").get<double>() : r.ns});
  return r;
}

void read_suite(const Json& suite, Measurements& out) {
  note_machine(out, suite.at("machine"));
  for (const Json& entry : suite.at("rows"))
    if (entry.contains("report")) out.rows.push_back(row_of_case(entry));
  for (const Json& sweep : suite.value("sweeps", Json::array())) {
    Sweep s{sweep.at("case"), sweep.at("symbol"), {}};
    for (const Json& point : sweep.at("points")) s.points.emplace_back(point.at("size").get<double>(), row_of(point.at("report")));
    out.sweeps.push_back(std::move(s));
  }
}

void read(const std::filesystem::path& path, Measurements& out) {
  const MappedFile file(path);
  try {
    const Json j = Json::parse(std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()));
    if (j.contains("rows")) return read_suite(j, out);
    out.rows.push_back(row_of(j));
    if (j.contains("machine")) note_machine(out, j["machine"]);
  } catch (const Json::exception& e) {
    throw UserError(fmt::format("'{}' is no report of `inferc bench --json`: {}", escape(path.string()), e.what()));
  }
}

// --- plots: inline SVG, logarithmic axes

std::string time_text(double ns) {
  return ns < 1e3 ? fmt::format("{:.3g} ns", ns) : ns < 1e6 ? fmt::format("{:.3g} us", ns / 1e3) : fmt::format("{:.3g} ms", ns / 1e6);
}

class Axis {
 public:
  Axis(double least, double largest, double from, double to)
      : least_(std::log10(least)), largest_(std::log10(std::max(largest, least * 1.01))), from_(from), to_(to) {}
  [[nodiscard]] double at(double value) const { return from_ + (std::log10(std::max(value, 1e-12)) - least_) / (largest_ - least_) * (to_ - from_); }
  // 1, 2, 5 of each decade; decades alone where these would stand too close.
  [[nodiscard]] std::vector<double> ticks() const {
    std::vector<double> out;
    const bool dense = largest_ - least_ < 2.5;
    for (int decade = static_cast<int>(std::floor(least_)); decade <= static_cast<int>(std::ceil(largest_)); ++decade)
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10.0, decade), place = std::log10(value);
        if ((digit == 1.0 || dense) && place >= least_ - 1e-9 && place <= largest_ + 1e-9) out.push_back(value);
      }
    return out;
  }

 private:
  double least_, largest_, from_, to_;
};

std::string kind(std::size_t index) { return fmt::format("s{}", index % 6); }

// `first`: the colour of the first; 0 is ours.
std::string series_names(const std::vector<std::string>& names, std::size_t first = 0) {
  std::string out = "<p class=\"legend\">";
  for (std::size_t i = 0; i < names.size(); ++i) out += fmt::format(R"(<span><i class="{}"></i>{}</span> )", kind(first + i), html(names[i]));
  return out + "</p>\n";
}

// In order of appearance.
std::vector<std::string> peers_of(const std::vector<Row>& rows) {
  std::vector<std::string> out;
  for (const Row& r : rows)
    for (const PeerTime& p : r.peers)
      if (std::find(out.begin(), out.end(), p.name) == out.end()) out.push_back(p.name);
  return out;
}

const PeerTime* find_peer(const Row& r, const std::string& name) {
  const auto at = std::find_if(r.peers.begin(), r.peers.end(), [&](const PeerTime& p) { return p.name == name; });
  return at == r.peers.end() ? nullptr : &*at;
}

constexpr double left = 300, right = 840, line = 14;

std::string vertical_grid(const Axis& axis, double height, bool times) {
  std::string out;
  for (const double t : axis.ticks())
    out += fmt::format(R"(<line class="{3}" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1:.0f}"/><text x="{0:.1f}" y="{2:.0f}" text-anchor="middle">{4}</text>)",
                       axis.at(t), height, height + 14, !times && t == 1.0 ? "one" : "grid", times ? time_text(t) : fmt::format("{:g}", t));
  return out;
}

std::string svg(double height, std::string_view label, const std::string& content) {
  return fmt::format("<svg viewBox=\"0 0 900 {:.0f}\" role=\"img\" aria-label=\"{}\">{}</svg>\n", height, label, content);
}

// For each row and peer a bar from 1 to peer / ours; what the project asks for is a mark.
std::string ratio_plot(const std::vector<Row>& rows, const std::vector<std::string>& peers) {
  double least = 0.8, largest = 2;
  for (const Row& r : rows)
    for (const PeerTime& p : r.peers) least = std::min(least, p.ratio()), largest = std::max({largest, p.ratio(), r.asked.value_or(1)});
  const Axis axis(least, largest * 1.1, left, right);
  const double step = line * static_cast<double>(peers.size()) + 8, height = step * static_cast<double>(rows.size());
  std::string out = vertical_grid(axis, height, false), figures;  // above bars and marks
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double top = step * static_cast<double>(i);
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 8, top + step / 2 + 4, html(rows[i].name));
    for (std::size_t k = 0; k < peers.size(); ++k) {
      const PeerTime* p = find_peer(rows[i], peers[k]);
      if (!p) continue;
      const double ratio = p->ratio(), y = top + 4 + line * static_cast<double>(k), a = axis.at(std::min(ratio, 1.0)), b = axis.at(std::max(ratio, 1.0));
      out += fmt::format(R"(<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}"/>)", kind(k + 1), a, y, b - a, line - 2);
      figures += fmt::format(R"(<text x="{:.1f}" y="{:.1f}">{:.2f}</text>)", b + 4, y + line - 4, ratio);
    }
    if (rows[i].asked)
      out += fmt::format(R"(<line class="asked" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.1f}" y2="{2:.1f}"/>)", axis.at(*rows[i].asked), top + 1, top + step - 3);
  }
  return svg(height + 20, "times of the peers over ours", out + figures);
}

// A dot for each contestant.
std::string time_plot(const std::vector<Row>& rows, const std::vector<std::string>& peers) {
  double least = 1e18, largest = 1;
  for (const Row& r : rows) {
    least = std::min(least, r.ns), largest = std::max(largest, r.ns);
    for (const PeerTime& p : r.peers) least = std::min(least, p.ns), largest = std::max(largest, p.ns);
  }
  const Axis axis(least * 0.8, largest * 1.25, left, right);
  const double step = line + 4, height = step * static_cast<double>(rows.size());
  std::string out = vertical_grid(axis, height, true);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double y = step * (static_cast<double>(i) + 0.5);
    const auto dot = [&](std::size_t series, double ns) {
      out += fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="4"><title>{}</title></circle>)", kind(series), axis.at(ns), y, time_text(ns));
    };
    out += fmt::format(R"(<text x="{}" y="{:.1f}" text-anchor="end">{}</text>)", left - 8, y + 4, html(rows[i].name));
    for (std::size_t k = 0; k < peers.size(); ++k)
      if (const PeerTime* p = find_peer(rows[i], peers[k])) dot(k + 1, p->ns);
    dot(0, rows[i].ns);
  }
  return svg(height + 20, "times", out);
}

std::string polyline(std::size_t series, const std::vector<std::pair<double, double>>& points, const Axis& x, const Axis& y) {
  std::string path, dots;
  for (const auto& [size, ns] : points) {
    path += fmt::format("{:.1f},{:.1f} ", x.at(size), y.at(ns));
    dots += fmt::format(R"(<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="3"><title>{:g}: {}</title></circle>)", kind(series), x.at(size), y.at(ns), size,
                        time_text(ns));
  }
  return fmt::format(R"(<polyline class="{}" points="{}"/>{})", kind(series), path, dots);
}

// A size of 0 stands at 1/2, as the axis is logarithmic.
std::string sweep_plot(const Sweep& s) {
  constexpr double height = 300;
  std::vector<Row> rows;
  for (const auto& [size, row] : s.points) rows.push_back(row);
  const std::vector<std::string> peers = peers_of(rows);
  double first = 1e18, last = 1, least = 1e18, largest = 1;
  std::vector<std::vector<std::pair<double, double>>> series(1 + peers.size());
  for (const auto& [size, row] : s.points) {
    const double x = std::max(size, 0.5);
    first = std::min(first, x), last = std::max(last, x);
    series[0].emplace_back(x, row.ns);
    for (std::size_t k = 0; k < peers.size(); ++k)
      if (const PeerTime* p = find_peer(row, peers[k])) series[k + 1].emplace_back(x, p->ns);
  }
  for (const auto& all : series)
    for (const auto& [x, ns] : all) least = std::min(least, ns), largest = std::max(largest, ns);
  const Axis x(first * 0.95, last * 1.05, 90, right), y(least * 0.8, largest * 1.25, height, 0);
  std::string out;
  for (const double t : x.ticks())
    out += fmt::format(R"(<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/><text x="{0:.1f}" y="{2}" text-anchor="middle">{3:g}</text>)", x.at(t),
                       height, height + 14, t);
  for (const double t : y.ticks())
    out += fmt::format(R"(<line class="grid" x1="90" x2="{0}" y1="{1:.1f}" y2="{1:.1f}"/><text x="84" y="{2:.1f}" text-anchor="end">{3}</text>)", right,
                       y.at(t), y.at(t) + 4, time_text(t));
  for (std::size_t k = 0; k < series.size(); ++k) out += polyline(k, series[k], x, y);
  std::vector<std::string> names{"inferc"};
  names.insert(names.end(), peers.begin(), peers.end());
  return fmt::format("<h3>{} over {}</h3>\n", html(s.name), html(s.symbol)) + series_names(names) + svg(height + 20, html(s.name), out);
}

// --- the page

std::string table_of(const std::vector<Row>& rows, const std::vector<std::string>& peers) {
  std::string out = "<table><tr><th>case</th><th>path</th><th>inferc</th>";
  for (const std::string& p : peers) out += fmt::format("<th>{}</th><th>ratio</th>", html(p));
  out += "<th>asked</th></tr>\n";
  for (const Row& r : rows) {
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td>", html(r.name), html(r.isa), time_text(r.ns));
    for (const std::string& name : peers) {
      const PeerTime* p = find_peer(r, name);
      const bool missed = p && r.asked && name.starts_with("ONNX Runtime") && p->ratio() < *r.asked;
      out += p ? fmt::format("<td>{}</td><td{}>{:.2f}</td>", time_text(p->ns), missed ? " class=\"missed\"" : "", p->ratio()) : "<td></td><td></td>";
    }
    out += fmt::format("<td>{}</td></tr>\n", r.asked ? fmt::format("{:g}", *r.asked) : "");
  }
  return out + "</table>\n";
}

std::string machine_of(const Measurements& m) {
  std::string out;
  for (const auto& [key, value] : m.machine) out += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", html(key), html(value));
  return out.empty() ? out : "<h2>Machine</h2>\n<table>" + out + "</table>\n";
}

constexpr std::string_view style =
    "body{font:15px sans-serif;max-width:64em;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
    "td,th{padding:.3em .8em;text-align:left;border-bottom:1px solid #ccc}td+td{white-space:nowrap}"
    "svg{width:100%;font-size:11px}svg text{paint-order:stroke;stroke:#fff;stroke-width:3px}"
    ".grid{stroke:#ddd}.one{stroke:#555}.asked{stroke:#b00;stroke-width:2}.missed{color:#b00;font-weight:bold}"
    "polyline{fill:none;stroke-width:2}.legend i{display:inline-block;width:.8em;height:.8em;margin-right:.3em}.legend span{margin-right:1em}";

// One colour for each contestant.
std::string colours() {
  constexpr const char* all[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};
  std::string out;
  for (std::size_t i = 0; i < std::size(all); ++i)
    out += fmt::format(".{0}{{fill:{1}}}polyline.{0}{{fill:none;stroke:{1}}}i.{0}{{background:{1}}}", kind(i), all[i]);
  return out;
}

std::string page(const Measurements& m) {
  const std::vector<std::string> peers = peers_of(m.rows);
  std::vector<Row> compared;
  for (const Row& r : m.rows)
    if (!r.peers.empty() && r.ns > 0) compared.push_back(r);
  std::vector<std::string> everybody{"inferc"};
  everybody.insert(everybody.end(), peers.begin(), peers.end());
  std::string out = fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>inferc bench</title>\n<style>{}{}</style></head>\n",
                                style, colours());
  out +=
      fmt::format("<body><h1>inferc {}: measurements</h1>\n<p>Medians of one call on one core. A ratio above 1 means that the generated code is faster.</p>\n",
                  INFERC_VERSION);
  out += fmt::format("<h2>Speed against {}</h2>\n", peers.empty() ? "peers" : html(fmt::format("{}", fmt::join(peers, ", "))));
  if (compared.empty()) out += "<p>No peer was measured.</p>\n";
  else out += series_names(peers, 1) + ratio_plot(compared, peers) + "<p>A red mark is what the project asks against ONNX Runtime.</p>\n";
  if (!m.rows.empty()) out += "<h2>Times</h2>\n" + series_names(everybody) + time_plot(m.rows, peers) + table_of(m.rows, peers);
  if (!m.sweeps.empty()) out += "<h2>Sizes</h2>\n";
  for (const Sweep& s : m.sweeps) out += sweep_plot(s);
  return out + machine_of(m) + "</body></html>\n";
}

}  // namespace

int report(const ReportArguments& a) {
  Measurements all;
  Diagnostics problems;
  for (const auto& path : a.benches) try {
      read(path, all);
    } catch (const UserError& e) {
      for (const Diagnostic& d : e.problems()) problems.error(d.message, d.help);
    }
  if (problems.failed()) throw UserError(problems.errors());
  write_file(a.output, page(all));
  std::cout << fmt::format("{}: {} measurements\n", a.output.string(), all.rows.size());
  return ok;
}

}  // namespace inferc::cli
