"""Backend-test folders through generated code, many as one program that nothing optimises (tests/generated/together.py): a tenth of the
time of `inferc verify`, for one code path; every buffer ends where an unreadable page begins, scratch is full of NaN.

  python tests/conformance/quick.py INFERC [--path base] [--jobs J] [--json FILE] FOLDER...      FOLDER: a case, or a folder of cases

The checks of arguments that stand before the calls do not run so, and sizes that no input and no output has alone are not known: cases
that fail or cannot be called go through `inferc verify` too, whose word they get; one that passes there alone fails. Exit 1 where a
case fails.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "generated"))
import together  # noqa: E402

BATCH = 100
LEFT_OUT = "LEFT OUT"


# Integers of 2 and 4 bits are bytes.
WIDER = {"int2": np.int8, "int4": np.int8, "uint2": np.uint8, "uint4": np.uint8}


def arrays(folder, what):
    files = sorted(folder.glob(f"{what}_*.pb"), key=lambda p: int(p.stem.split("_")[1]))
    out = [numpy_helper.to_array(onnx.load_tensor(str(f))) for f in files]
    return [a.astype(WIDER[a.dtype.name]) if a.dtype.name in WIDER else a for a in out]


def difference(ours, expected):
    """The rule of the ONNX runner: 1e-7 + 1e-3 |expected|; all else is equal."""
    if expected.dtype.kind in "iub" and expected.dtype.isbuiltin:
        return None if (ours == expected).all() else f"{(ours != expected).sum()} of {expected.size} elements differ"
    a, b = ours.astype(np.float64), expected.astype(np.float64)
    near = np.isclose(a, b, rtol=1e-3, atol=1e-7, equal_nan=True)
    return None if near.all() else f"{(~near).sum()} of {near.size} elements differ"


def ulps(ours, expected):
    """The largest distance in floats of the type, None of other types."""
    if expected.dtype.kind in "iub" and expected.dtype.isbuiltin:
        return None
    unsigned = f"u{expected.dtype.itemsize}"
    sign = 1 << (8 * expected.dtype.itemsize - 1)
    a, b = ([int(v) if v < sign else sign - int(v) for v in y.view(unsigned).ravel()[differ]] for differ in [~equal(ours, expected)] for y in (ours, expected))
    return float(max((abs(x - y) for x, y in zip(a, b)), default=0))


def equal(ours, expected):
    a, b = np.ascontiguousarray(ours), np.ascontiguousarray(expected)
    return ((a == b) | ((a != a) & (b != b))).ravel()


class Case:
    def __init__(self, folder):
        self.folder, self.runs, self.verdict, self.ulp = folder, [], None, None

    def plan(self, inferc, program, scratch, path):
        name = f"case_{len(program.table)}"
        try:
            compiled = together.Compiled(inferc, self.folder / "model.onnx", scratch / name, name, path)
        except together.Refused as refused:
            self.verdict = ("REFUSED", str(refused).splitlines()[0])
            return
        try:
            for data in sorted(self.folder.glob("test_data_set_*")):
                self.runs.append(together.Run(len(program.table), compiled, arrays(data, "input"), arrays(data, "output")))
            program.add(compiled)
        except (KeyError, RuntimeError) as unknown:
            self.runs, self.verdict = [], (LEFT_OUT, str(unknown))

    def judge(self, results):
        problems = [ended or next((f"output {k}: {d}" for k, (y, e) in enumerate(zip(outputs, run.like)) if (d := difference(y, e))), None)
                    for run, (outputs, ended) in zip(self.runs, results)]
        found = [u for run, (outputs, ended) in zip(self.runs, results) if not ended for y, e in zip(outputs, run.like) if (u := ulps(y, np.ascontiguousarray(e))) is not None]
        self.ulp = max(found, default=None)
        problem = next((p for p in problems if p), None)
        self.verdict = ("FAIL", problem) if problem else ("PASS", "")


def judge(inferc, folders, path):
    cases = [Case(f) for f in folders]
    with tempfile.TemporaryDirectory() as name:
        program, scratch = together.Program(), pathlib.Path(name)
        for c in cases:
            c.plan(inferc, program, scratch, path)
        results = together.call(together.build(program, scratch, path), [r for c in cases for r in c.runs], scratch) if program.table else []
    for c in cases:
        if not c.verdict:
            c.judge(results[:len(c.runs)])
        results = results[len(c.runs):]
    return cases


def verified(inferc, cases, jobs):
    """{name: (verdict, reason)} by `inferc verify`."""
    with tempfile.TemporaryDirectory() as name:
        report = pathlib.Path(name) / "report.json"
        subprocess.run([inferc, "verify", *(c.folder for c in cases), "--timeout", "300", "-j", str(jobs), "--json", report], capture_output=True)
        order, out = ("PASS", "REFUSED", "FAIL"), {}
        for row in json.loads(report.read_text())["cases"]:
            out[row["case"]] = max(out.get(row["case"], ("PASS", "")), (row["verdict"], row["reason"]), key=lambda v: order.index(v[0]))
        return out


def settle(inferc, cases, jobs):
    """The cases that fail or were left out get the word of `inferc verify`."""
    rest = [c for c in cases if c.verdict[0] in ("FAIL", LEFT_OUT)]
    said = verified(inferc, rest, jobs) if rest else {}
    for c in rest:
        verdict, reason = said[c.folder.name]
        if verdict != "PASS" or c.verdict[0] == LEFT_OUT:
            c.verdict, c.ulp = (verdict, reason), None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc")
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--path", default="base", choices=list(together.PATH_FLAGS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    folders = sorted(p.parent for f in args.folders for p in ([f / "model.onnx"] if (f / "model.onnx").exists() else f.glob("*/model.onnx")))
    cases = [c for low in range(0, len(folders), BATCH) for c in judge(args.inferc, folders[low:low + BATCH], args.path)]
    settle(args.inferc, cases, args.jobs)
    counts = collections.Counter(c.verdict[0] for c in cases)
    print(*(f"{c.verdict[0]} {c.folder.name}: {c.verdict[1]}" for c in cases if c.verdict[0] != "PASS"), sep="\n")
    print(", ".join(f"{counts[v]} {word}" for v, word in (("PASS", "passed"), ("FAIL", "failed"), ("REFUSED", "refused"))))
    if args.json:
        args.json.write_text(json.dumps({"cases": [{"case": c.folder.name, "verdict": c.verdict[0], "reason": c.verdict[1], "max_ulp": c.ulp} for c in cases]}, indent=0))
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
