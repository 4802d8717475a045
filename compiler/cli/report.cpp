#include <algorithm>
#include <iostream>

#include <fmt/format.h>

#include "compiler/cli/command.hpp"
#include "compiler/support/mapped_file.hpp"
#include "compiler/support/write_files.hpp"

namespace inferc::cli {
namespace {

using Json = nlohmann::json;

struct Row {
  std::string model, dims, isa, peer;
  double ours = 0, theirs = 0;  // medians; theirs 0: none
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

Row read_row(const std::filesystem::path& path) {
  const MappedFile file(path);
  try {
    const Json j = Json::parse(std::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()));
    Row r{std::filesystem::path(j.at("model").get<std::string>()).stem().string(), {}, j.at("isa"), {}, j.at("ours_ns").at("median"), 0};
    for (const auto& [name, size] : j.at("dims").items())
      r.dims += (r.dims.empty() ? "" : " ") + name + "=" + (size.is_string() ? size.get<std::string>() : size.dump());
    if (j.contains("onnxruntime_ns")) {
      r.theirs = j["onnxruntime_ns"].at("median");
      r.peer = "ONNX Runtime " + j.at("onnxruntime").at("version").get<std::string>();
    }
    return r;
  } catch (const Json::exception& e) {
    throw UserError(fmt::format("'{}' is no report of `inferc bench --json`: {}", escape(path.string()), e.what()));
  }
}

std::string time_text(double ns) {
  return ns < 1e3 ? fmt::format("{:.0f} ns", ns) : ns < 1e6 ? fmt::format("{:.2f} us", ns / 1e3) : fmt::format("{:.2f} ms", ns / 1e6);
}

// A bar for each model: how many times faster than the peer; the line marks 1.
std::string plot(const std::vector<Row>& rows) {
  constexpr double left = 280, width = 520, height = 24;
  double largest = 1;
  for (const Row& r : rows) largest = std::max(largest, r.theirs / r.ours);
  std::string out = fmt::format(R"(<svg viewBox="0 0 900 {}" role="img" aria-label="speed against the peer">)", static_cast<double>(rows.size()) * height + 10);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double ratio = rows[i].theirs / rows[i].ours, y = static_cast<double>(i) * height;
    out += fmt::format(
        R"(<text x="{}" y="{}" text-anchor="end">{}</text><rect x="{}" y="{}" width="{:.1f}" height="16"/><text x="{:.1f}" y="{}">{:.2f}</text>)", left - 8,
        y + 15, html(rows[i].model + " " + rows[i].dims), left, y + 3, width * ratio / largest, left + width * ratio / largest + 6, y + 15, ratio);
  }
  const double one = left + width / largest;
  return out + fmt::format(R"(<line x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="{1}"/></svg>)", one, static_cast<double>(rows.size()) * height);
}

std::string page(const std::vector<Row>& rows) {
  std::string table;
  std::vector<Row> compared;
  for (const Row& r : rows) {
    const bool peer = r.theirs > 0;
    if (peer && r.ours > 0) compared.push_back(r);
    table += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", html(r.model), html(r.dims), html(r.isa),
                         time_text(r.ours), peer ? time_text(r.theirs) : "", peer ? fmt::format("{:.2f}", r.theirs / r.ours) : "");
  }
  const std::string peer = compared.empty() ? "peer" : html(compared.front().peer);
  return fmt::format(R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>inferc bench</title>
<style>body{{font:15px sans-serif;max-width:60em;margin:2em auto}}table{{border-collapse:collapse}}td,th{{padding:.3em .8em;text-align:left;border-bottom:1px solid #ccc}}
svg{{width:100%;font-size:13px}}rect{{fill:#3b7ea1}}line{{stroke:#b33;stroke-dasharray:4}}</style></head>
<body><h1>inferc {0}: measurements</h1>
<p>Medians of one call on one core, interleaved in one process. A ratio above 1 means that the generated code is faster.</p>
<h2>Speed against {1}</h2>
{2}
<h2>Times</h2>
<table><tr><th>model</th><th>sizes</th><th>path</th><th>inferc</th><th>{1}</th><th>ratio</th></tr>
{3}</table></body></html>
)",
                     INFERC_VERSION, peer, compared.empty() ? "<p>No peer was measured.</p>" : plot(compared), table);
}

}  // namespace

int report(const ReportArguments& a) {
  std::vector<Row> rows;
  Diagnostics problems;
  for (const auto& path : a.benches) try {
      rows.push_back(read_row(path));
    } catch (const UserError& e) {
      for (const Diagnostic& d : e.problems()) problems.error(d.message, d.help);
    }
  if (problems.failed()) throw UserError(problems.errors());
  write_file(a.output, page(rows));
  std::cout << fmt::format("{}: {} measurements\n", a.output.string(), rows.size());
  return ok;
}

}  // namespace inferc::cli
