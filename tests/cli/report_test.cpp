#include <gtest/gtest.h>

#include "compiler/support/process.hpp"
#include "compiler/support/write_files.hpp"
#include "tests/cli/cli.hpp"
#include "tests/support/paths.hpp"

// `inferc report` and scripts/bench-table on what scripts/bench stores.
namespace inferc::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view suite = R"({
 "machine": {"cpu": "Some <CPU>", "compiler": "c++ 12"},
 "rows": [
  {"case": "fast & small", "model": "a.onnx", "asked": 18, "report": {"model": "a.onnx", "dims": {"batch": "1"}, "isa": "v4",
   "ours_ns": {"min": 99, "median": 100}, "onnxruntime_ns": {"min": 1900, "median": 2000}, "onnxruntime": {"version": "1.0"}},
   "peers": {"OpenVINO": {"version": "2", "median": 5000}, "PyTorch": {"error": "no"},
    "torch.compile": {"version": "3", "median": 700, "ours": {"min": 60, "median": 80}}}},
  {"case": "slow", "model": "b.onnx", "asked": 2.5, "report": {"model": "b.onnx", "dims": {}, "isa": "v4",
   "ours_ns": {"min": 1e6, "median": 2e6}, "onnxruntime_ns": {"min": 1e6, "median": 4e6}, "onnxruntime": {"version": "1.0"}}},
  {"case": "refused", "model": "c.onnx", "error": "error: no"}],
 "sweeps": [{"case": "fast", "symbol": "n", "points": [
  {"size": 0, "report": {"model": "a.onnx", "dims": {"n": 0}, "isa": "v4", "ours_ns": {"min": 9, "median": 10}}},
  {"size": 64, "report": {"model": "a.onnx", "dims": {"n": 64}, "isa": "v4", "ours_ns": {"min": 900, "median": 1000}}}]}]
})";

std::string written_suite(const std::string& test) {
  const fs::path path = scratch_dir(test) / "suite.json";
  write_file(path, std::string(suite));
  return path;
}

std::size_t times(const std::string& text, std::string_view what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++out;
  return out;
}

TEST(Report, IsOnePageThatNeedsNothingElse) {
  const std::string path = written_suite("report"), page_path = path + ".html";
  const Finished r = cli({"report", path, "-o", page_path});
  ASSERT_EQ(r.status, 0) << r.output;
  EXPECT_NE(r.output.find("2 measurements"), std::string::npos) << r.output;
  const std::string page = text_of(page_path);
  for (const char* word :
       {"fast &amp; small", "Some &lt;CPU&gt;", "ONNX Runtime 1.0", "OpenVINO 2", ">20.00<", ">50.00<", ">8.75<", "class=\"missed\">2.00<", "fast over n"})
    EXPECT_NE(page.find(word), std::string::npos) << word;
  for (const char* word : {"http", "<script", "<img", "<link", "nan", "inf\""}) EXPECT_EQ(page.find(word), std::string::npos) << word;
  EXPECT_EQ(times(page, "<svg"), 3U);
  EXPECT_EQ(times(page, "<polyline"), 1U);
}

TEST(Report, RefusesWhatIsNoReport) {
  const fs::path path = scratch_dir("report_bad") / "bad.json";
  write_file(path, std::string(R"({"rows": [{"report": {}}], "machine": {}})"));
  const Finished r = cli({"report", path, "-o", path.string() + ".html"});
  EXPECT_EQ(r.status, 1);
  EXPECT_NE(r.output.find("is no report of `inferc bench --json`"), std::string::npos) << r.output;
}

TEST(BenchTable, IsRenderedFromTheStoredFile) {
  const std::string path = written_suite("bench_table");
  const Finished r = run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path}, {}, 60});
  EXPECT_EQ(r.status, 0);
  EXPECT_EQ(r.output, R"(| case | ours, us | ONNX Runtime, us | ratio | asked | ours alone, us | ratio to OpenVINO | ratio to PyTorch | ratio to torch.compile |
|---|---|---|---|---|---|---|---|---|
| fast & small | 0.1 | 2 | 20.00 | 18 | 0.08 | 50.00 |  | 8.75 |
| slow | 2000 | 4000 | **2.00** | 2.5 |  |  |  |  |
| refused | not compiled: error: no | | | | | | | |
)");
  const fs::path readme = fs::path(path).parent_path() / "README.md";
  write_file(readme, std::string("before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nafter\n"));
  EXPECT_EQ(run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path, "--check", readme}, {}, 60}).status, 1);
  EXPECT_EQ(run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path, "--into", readme}, {}, 60}).status, 0);
  EXPECT_EQ(text_of(readme), "before\n<!-- bench: begin -->\n" + r.output + "<!-- bench: end -->\nafter\n");
  EXPECT_EQ(run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path, "--check", readme}, {}, 60}).status, 0);
}

TEST(BenchTable, NamesTheBestPeerAndWhatCrashed) {
  const fs::path path = scratch_dir("bench_best") / "suite.json";
  write_file(path, std::string(R"({"machine": {}, "rows": [
  {"case": "won", "asked": 4, "asked_best": 1.5, "report": {"ours_ns": {"median": 1000, "min": 500}, "onnxruntime_ns": {"median": 5000, "min": 1500}},
   "peers": {"OpenVINO": {"crashed": "SIGSEGV"}, "PyTorch": {"median": 2000, "min": 1800}}},
  {"case": "missed", "asked": 4, "asked_best": 2.5, "report": {"ours_ns": {"median": 1000}, "onnxruntime_ns": {"median": 5000}},
   "peers": {"OpenVINO": {"median": 2400}, "PyTorch": {"error": "no"}}},
  {"case": "alone", "asked": 4, "report": {"ours_ns": {"median": 1000}}},
  {"case": "refused", "error": "error: no"}]})"));
  const Finished r = run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path}, {}, 60});
  EXPECT_EQ(r.output, R"(| case | ours, us | ONNX Runtime, us | ratio | asked | ratio to OpenVINO | ratio to PyTorch | best peer | ratio to it | asked |
|---|---|---|---|---|---|---|---|---|---|
| won | 1 | 5 | 5.00 | 4 | crashed (SIGSEGV) | 2.00 | PyTorch | 2.00 | 1.5 |
| missed | 1 | 5 | 5.00 | 4 | 2.40 |  | OpenVINO | **2.40** | 2.5 |
| alone | 1 |  |  | 4 |  |  |  |  |  |
| refused | not compiled: error: no | | | | | | | | |
)");
  const std::string won = R"({"rows": [{"case": "won", "asked_best": 1.5, "report": {"ours_ns": {"min": 500}, "onnxruntime_ns": {"min": 1500}},
    "peers": {"PyTorch": {"min": 1800}}}]})";
  write_file(path, won);
  const Finished least = run_process({{"python3", SOURCE_DIR "/scripts/bench-table", path, "--least"}, {}, 60});
  EXPECT_NE(least.output.find("| won | 0.5 | 1.5 | 3.00 |  | 3.60 | ONNX Runtime | 3.00 | 1.5 |"), std::string::npos) << least.output;
}

// A peer is a process of its own: what it stores, how it ends, and that it does not end, are results.
TEST(BenchPeers, CrashesAndDelaysCostTheirRowAlone) {
  const Finished r = run_process({{"python3", "-c", R"py(
import sys
from bench import turns
spec = {"model": "a.onnx", "sizes": {"n": 3}}
own = iter([30, 10, 20])
def ours():
    return {"ours_ns": {"median": next(own), "min": 9}}
def ended(code, limit=20):
    with turns.Peer(spec, limit, None, [sys.executable, "-u", "-c", code]) as p:
        return turns.in_turn(p, ours)
print(ended("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"))
print(ended("raise SystemExit('out of luck')"))
print(ended("import time; time.sleep(60)", 0.5))
print(ended("import json, os; s = json.loads(input()); print(json.dumps({'error': os.path.basename(s['library'])}))"))
print(ended("""
import json
input(), print('{"version": "1"}')
for n in 3, 1, 2:
    input(), print(json.dumps({"median": 10 * n, "min": n, "samples": 4}))
"""))
own = iter([1, 2])
print(ended("""
import os, signal
input(), print('{"version": "1"}'), input(), print('{"median": 2, "min": 1, "samples": 4}'), input()
os.kill(os.getpid(), signal.SIGABRT)
"""))
)py"},
                                  SOURCE_DIR,
                                  60});
  EXPECT_EQ(r.output, R"({'crashed': 'SIGSEGV'}
{'error': 'out of luck'}
{'error': 'not ready within 0.5 s'}
{'error': 'a-n3.pt2'}
{'version': '1', 'median': 20, 'min': 1, 'samples': 12, 'ours': {'median': 20, 'min': 9}}
{'crashed': 'SIGABRT'}
)");
}

}  // namespace
}  // namespace inferc::test
