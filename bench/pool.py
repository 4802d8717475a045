#!/usr/bin/env python3
"""One call by the threads of a Pool (`--threads`) against the same call by one thread, in one process, in turn, by the clock on the wall.

    bench/pool.py INFERC [--workers 2] [--seconds 1] [--only SUBSTRING] [--json FILE]

The workers wait in a loop: a core that does other work at the same time holds all of them up.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from bench.cases import THREADS, fixed  # noqa: E402

DRIVER = """
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "net.hpp"

using Clock = std::chrono::steady_clock;

template <class T>
std::vector<T> drawn(std::size_t n) {
  static std::mt19937 bits(1);
  std::normal_distribution<float> normal;
  std::vector<T> out(n);
  for (T& v : out) v = static_cast<T>(normal(bits));
  return out;
}

int main(int, char** argv) {
  net::Model model;
  if (model.load("net.weights") != net::Status::ok) return 1;
  net::Pool pool(std::strtoul(argv[1], nullptr, 10));
  net::Workspace workspace(net::Dims{});
  %(buffers)s
  const auto call = [&](bool together) {
    const net::Inputs inputs{%(inputs)s};
    const net::Outputs outputs{%(outputs)s};
    const auto begin = Clock::now();
    const net::Status status = together ? net::run(model, {}, inputs, outputs, workspace, pool) : net::run(model, {}, inputs, outputs, workspace);
    if (status != net::Status::ok) std::exit(1);
    return std::chrono::duration<double, std::micro>(Clock::now() - begin).count();
  };
  call(false);
  %(keep)s
  call(true);
  %(compare)s
  std::vector<double> times[2];
  const auto end = Clock::now() + std::chrono::duration<double>(2 * std::strtod(argv[2], nullptr));
  while (Clock::now() < end)
    for (const bool together : {false, true})
      for (int warm = 1; warm >= 0; --warm)
        if (const double us = call(together); warm == 0) times[together].push_back(us);
  for (auto& t : times) std::sort(t.begin(), t.end());
  std::printf("%%g %%g %%g %%g\\n", times[0][times[0].size() / 2], times[1][times[1].size() / 2], times[0][0], times[1][0]);
}
"""
TYPES = {"float32": "float", "int64": "std::int64_t", "int32": "std::int32_t"}


def driver(manifest):
    def buffers(ports, fill):
        return [f"auto {p['member']}_ = {fill % (TYPES[p['dtype']], math.prod(p['shape']))};" for p in ports]
    spans = lambda ports: ", ".join(f".{p['member']} = {p['member']}_" for p in ports)
    outputs = [p["member"] + "_" for p in manifest["outputs"]]
    return DRIVER % {
        "buffers": "\n  ".join(buffers(manifest["inputs"], "drawn<%s>(%d)") + buffers(manifest["outputs"], "std::vector<%s>(%d)")),
        "inputs": spans(manifest["inputs"]), "outputs": spans(manifest["outputs"]), "keep": "\n  ".join(f"const auto {o}kept = {o};" for o in outputs),
        "compare": "\n  ".join(f"if (std::memcmp({o}.data(), {o}kept.data(), {o}.size() * sizeof({o}[0])) != 0) return 2;" for o in outputs)}


def checked(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"pool: {command[0]} ends with {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def measure(inferc, model, dims, workers, seconds):
    """Median and least time of one thread and of all workers, us; both gave the same bits."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        text = checked([inferc, "compile", str(model), "--threads", "--name", "net", "-o", f"{folder}/net", *[w for d in dims for w in ("--dim", d)]], ROOT)
        line = next(row.removeprefix("build: ") for row in text.splitlines() if row.startswith("build: "))
        checked(["bash", "-c", line], folder)
        (folder / "net/main.cpp").write_text(driver(json.loads((folder / "net/net.json").read_text())))
        checked([os.environ.get("CXX", "c++"), "-std=c++20", "-O2", "main.cpp", "libnet.a", "-o", "main", "-pthread"], folder / "net")
        words = checked(["./main", str(workers), str(seconds)], folder / "net").split()
    return dict(zip(("one_us", "all_us", "one_least_us", "all_least_us"), map(float, words)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc", type=pathlib.Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each of the two")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    rows = []
    print(f"| case | one thread, us | {args.workers} threads, us | ratio | asked |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as zoo:
        wanted = [(name, *fixed(name), asked) for name, asked in THREADS.items() if args.only in name]
        subprocess.run([ROOT / ".venv/bin/python", "-m", "models.fill", zoo, *sorted({c[1] for c in wanted})], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        for name, model, dims, asked in wanted:
            r = measure(args.inferc.resolve(), pathlib.Path(zoo) / f"{model}.torchscript.onnx", dims, args.workers, args.seconds)
            rows.append({"case": name, "asked": asked, "workers": args.workers} | r)
            print(f"| {name} | {r['one_us']:.0f} | {r['all_us']:.0f} | {r['one_us'] / r['all_us']:.2f} | {asked} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
