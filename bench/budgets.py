"""What each zoo and real network costs to compile, and how much of its work runs in fast kernels.

  python bench/budgets.py [--inferc build/inferc] [--real DIR] [--quantised] [--only NAME...] [--objects] [--slow] [--json FILE]

--quantised: the stored quantised networks instead, and how many lines the longest function of their calls has.

A row: CPU seconds of `inferc compile`; share of FLOPs and of bytes in fast kernels (N.json: `calls`); with --objects also seconds of
`$CXX -O2 -c` of the files that stand for the paths v3 and v4, one after the other, and the bytes of code of all paths (text of
`size`). --slow lists the reference kernels of each network by bytes. Exit 1 when a limit below is missed; seconds and bytes of code are
judged with --objects alone, on a machine that does nothing else.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tests" / "models"))

FLOPS, BYTES = 0.99, 0.95                    # least share in fast kernels
EMIT, BUILD, BUILD_ALL = 1.0, 60.0, 300.0    # seconds: one `inferc compile`, its objects, those of all networks
TIMED = ("net.cpp", "net_v3.cpp", "net_v4.cpp")
CODE = {"gn2": 500_000}                      # bytes of code, all paths
QUANTISED_BUILD, LINES = 30.0, 2000          # of quantised networks: seconds of the objects, lines of a function
QUANTISED = ROOT / "tests" / "data" / "quantized"


def share(calls, key):
    """Of the work of all calls, the part in fast kernels; 1 where there is none."""
    total = sum(c[key] for c in calls)
    return sum(c[key] for c in calls if c["fast"]) / total if total else 1.0


def slow_calls(calls):
    table = collections.Counter()
    for c in calls:
        if not c["fast"]:
            table[c["kernel"]] += c["bytes"]
    total = sum(c["bytes"] for c in calls) or 1
    return [f"{kernel} {100 * n / total:.2f} %" for kernel, n in table.most_common()]


def seconds_of(command, cwd=None):
    """CPU seconds, which do not hang on what else the machine does, and the finished process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([str(c) for c in command], cwd=cwd, capture_output=True, text=True, timeout=1800)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done


def emit(inferc, row, folder):
    """Seconds and manifest of `inferc compile`; the manifest is None when it refuses."""
    dims = [o for d in row["dims"] for o in ("--dim", d)]
    seconds, done = seconds_of([inferc, "compile", row["path"], *dims, "-o", folder, "--name", "net"])
    return seconds, json.loads((folder / "net.json").read_text()) if done.returncode == 0 else None


def code_bytes(objects):
    listed = subprocess.run(["size", *objects], capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    return sum(int(line.split()[0]) for line in listed)


def longest_function(folder):
    """Lines of the longest function that calls the kernels: what the name `body` begins, up to the brace that ends it."""
    longest, begin = 0, None
    for at, text in enumerate((folder / "net_body.hpp").read_text().splitlines()):
        if re.match(r"inline int \w*body\(", text):
            begin = at
        elif text == "}" and begin is not None:
            longest, begin = max(longest, at - begin), None
    return longest


def build(manifest, folder):
    """Seconds for the objects of the paths v3 and v4, bytes of code of those of all paths."""
    total, objects = 0.0, []
    for source in manifest["sources"]:
        if source["file"].endswith(".cpp"):
            objects.append(folder / (source["file"] + ".o"))
            flags = [f for f in source["cxxflags"] if not f.startswith("-O")]
            seconds, done = seconds_of([os.environ.get("CXX", "g++"), "-std=c++20", "-O2", *flags, "-c", source["file"], "-o", objects[-1]], folder)
            done.check_returncode()
            total += seconds if source["file"] in TIMED else 0
    return total, code_bytes(objects)


def measure(args, row):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        seconds, manifest = emit(args.inferc, row, folder)
        if manifest is None:
            return {"refused": True}
        calls = manifest["calls"]
        out = {"emit": seconds, "flops": share(calls, "flops"), "bytes": share(calls, "bytes"), "calls": len(calls), "slow": slow_calls(calls)}
        if args.quantised:
            out["lines"] = longest_function(folder)
        if args.objects:
            out["build"], out["code"] = build(manifest, folder)
        return out


def missed(name, m):
    """The limits that a measurement misses, as text."""
    if "refused" in m:
        return ["refused"]
    limits = [("lines", m["lines"] < LINES)] if "lines" in m else [("flops", m["flops"] >= FLOPS), ("bytes", m["bytes"] >= BYTES)]
    if "build" in m:
        limits += [("emit", m["emit"] < EMIT), ("build", m["build"] < (QUANTISED_BUILD if "lines" in m else BUILD)), ("code", m["code"] < CODE.get(name, float("inf")))]
    return [limit for limit, met in limits if not met]


def line(name, m, problems):
    text = f"{name:42}"
    if "refused" not in m:
        text += f" {m['emit']:6.2f} s {100 * m['flops']:7.2f} % {100 * m['bytes']:7.2f} % {m['calls']:5} calls"
    if "lines" in m:
        text += f" {m['lines']:5} lines"
    if "build" in m:
        text += f" {m['build']:6.1f} s {m['code'] / 1000:7.0f} kB"
    return text + (f"  misses {', '.join(problems)}" if problems else "")


def rows_of(folder, real, only):
    try:
        import check_all
        from models import fill
    except ImportError as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
    rows = [dict(r, path=folder / r["file"]) for r in fill.fill_all(folder, only) if not r["later"]]
    return rows + [r for r in check_all.real_rows(real) if not only or r["name"] in only]


def quantised_rows(only):
    rows = [{"name": f"{path.parent.name}/{path.stem}", "exporter": "", "path": path, "dims": []} for path in sorted(QUANTISED.glob("*/*.onnx"))]
    return [r for r in rows if not only or r["name"] in only]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inferc", default=str(ROOT / "build" / "inferc"))
    parser.add_argument("--real", type=pathlib.Path, default=ROOT.parent / "shared" / "models")
    parser.add_argument("--quantised", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--objects", action="store_true")
    parser.add_argument("--slow", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    results, failed = {}, False
    with tempfile.TemporaryDirectory() as folder:
        for row in quantised_rows(args.only) if args.quantised else rows_of(pathlib.Path(folder), args.real, args.only):
            label = f"{row['name']}.{row['exporter']}".rstrip(".")
            m = results[label] = measure(args, row)
            problems = missed(row["name"], m)
            failed |= bool(problems)
            print(line(label, m, problems), flush=True)
            if args.slow:
                print("    " + ", ".join(m.get("slow", [])), flush=True)
    total = sum(m.get("build", 0) for m in results.values())
    if args.objects:
        print(f"{total:.1f} s for the objects of {len(results)} networks")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    return 1 if failed or total >= BUILD_ALL else 0


if __name__ == "__main__":
    sys.exit(main())
