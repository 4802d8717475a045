"""What `inferc check` says to every zoo and real network, and whether `inferc run` agrees with ONNX Runtime.

  python tests/models/check_all.py [--inferc build/inferc] [--real DIR] [--run] [--only NAME...] [--missing FILE] [--json FILE]

A run is compared output by output: integers and bools exactly, floats by max |ours - peer| <= TOLERANCE * max |peer|, both sides
having rounded in their own order (rule D of the accuracy policy has the float64 oracle; `inferc verify --against onnxruntime` applies it).
Exit 1 when a run differs or fails, or when a model that zoo.json does not mark `later` is refused.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models import fill, inputs  # noqa: E402

TOLERANCE = 2e-5
SEQUENCES = {"SequenceEmpty", "SequenceInsert", "SequenceAt", "ConcatFromSequence", "SplitToSequence"}

# Bounds, sizes and the inputs that are not plain normal numbers of the published files.
REAL = {
    "particlenet_hlt_ak4": (["N=1..64", "n_pf=16..50", "n_sv=1..5"], [{"N": 1, "n_pf": 50, "n_sv": 5}, {"N": 3, "n_pf": 21, "n_sv": 2}], {}),
    "robust_part_ak4": (["N=1..16", "n_input_1=1..26", "n_input_2=1..25", "n_input_3=1..5"],
                        [{"N": 1, "n_input_1": 26, "n_input_2": 25, "n_input_3": 5}, {"N": 2, "n_input_1": 7, "n_input_2": 9, "n_input_3": 3}],
                        {f"input_{i}": {"kind": "momenta", "shape": ["N", f"n_input_{i - 3}", 4]} for i in (4, 5, 6)}),
    "deepflavour_hlt": (["N=1..64"], [{"N": 1}, {"N": 5}], {}),
    "deepdoublex_bvl": (["N=1..64"], [{"N": 1}, {"N": 5}], {}),
    "hgcal_superclustering": (["batch_size=1..4096"], [{"batch_size": 1}, {"batch_size": 33}], {}),
    "jet_mlp_hls4ml": ([], [{}], {}),
    "acts_duplicate_classifier": (["batch_size=1..4096"], [{"batch_size": 1}, {"batch_size": 33}], {}),
}
DTYPES = {onnx.TensorProto.FLOAT: "float32", onnx.TensorProto.INT64: "int64"}


def real_port(value, special):
    dims = value.type.tensor_type.shape.dim
    port = {"name": value.name, "dtype": DTYPES[value.type.tensor_type.elem_type], "shape": [d.dim_param or d.dim_value for d in dims],
            "kind": "mask" if value.name.endswith("mask") else "normal", "particles": None}
    port.update(special.get(value.name, {}))
    moving = [a for a, d in enumerate(port["shape"]) if a and isinstance(d, str)]
    port["particles"] = moving[0] if moving else None
    return port


def real_rows(folder):
    """Rows like those of zoo.json for the published files."""
    for name, (dims, sizes, special) in REAL.items():
        path = folder / f"{name}.onnx"
        if path.exists():
            graph = onnx.load(path).graph
            stored = {i.name for i in graph.initializer}
            ports = [real_port(v, special) for v in graph.input if v.name not in stored]
            yield {"name": f"real:{name}", "exporter": "", "path": path, "dims": dims, "sizes": sizes, "inputs": ports, "later": ""}


def operators(graph):
    for node in graph.node:
        yield node.op_type
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from operators(attribute.g)


def dim_options(row):
    return [o for d in row["dims"] for o in ("--dim", d)]


class Inferc:
    def __init__(self, program):
        self.program = program
        listed = subprocess.run([program, "ops"], capture_output=True, text=True).stdout
        self.known = set(re.findall(r"^\s*([A-Z]\w+)", listed, re.M)) | {"Constant"}         # the importer's own

    def call(self, *args):
        start = time.monotonic()
        done = subprocess.run([self.program, *map(str, args)], capture_output=True, text=True, timeout=600)
        return done.returncode, done.stderr, time.monotonic() - start

    def check(self, row):
        code, errors, seconds = self.call("check", row["path"], *dim_options(row))
        return {"ok": code == 0, "code": code, "seconds": round(seconds, 2), "errors": errors.splitlines()}


def compare(ours, peer):
    """None when equal by the rules above, else what differs; and the largest difference in units of max |peer|."""
    if ours.shape != peer.shape or ours.dtype != peer.dtype:
        return f"{ours.dtype}{list(ours.shape)} for {peer.dtype}{list(peer.shape)}", None
    if not peer.size:
        return None, 0.0
    if peer.dtype.kind != "f":
        return (None if (ours == peer).all() else f"{(ours != peer).sum()} of {peer.size} differ"), None
    scale = float(np.abs(peer).max()) or 1.0
    error = float(np.abs(ours.astype(np.float64) - peer).max()) / scale
    return (None if error <= TOLERANCE else f"off by {error:.2e} of max |y|"), error


def run_size(tool, row, sizes, session, folder):
    """Problems and the largest relative difference of one call."""
    feed = inputs.feed(row, sizes)
    np.savez(folder / "in.npz", **{f"input_{i}": x for i, x in enumerate(feed.values())})
    out = folder / "out"
    out.mkdir(exist_ok=True)
    for stale in out.glob("*.npy"):
        stale.unlink()
    code, errors, seconds = tool.call("run", row["path"], *dim_options(row), "--inputs", folder / "in.npz", "--outputs", out)
    if code:
        return [f"{sizes}: exit {code}: {' | '.join(errors.splitlines()[:3])[:600]}"], None, seconds
    problems, worst = [], 0.0
    for k, (peer, info) in enumerate(zip(session.run(None, feed), session.get_outputs())):
        difference, error = compare(np.load(out / f"output_{k}.npy"), np.asarray(peer))
        worst = max(worst, error or 0.0)
        if difference:
            problems.append(f"{sizes}: output {info.name}: {difference}")
    return problems, worst, seconds


def session_of(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def run(tool, row):
    with tempfile.TemporaryDirectory() as name:
        session = session_of(row["path"])
        results = [run_size(tool, row, sizes, session, pathlib.Path(name)) for sizes in row["sizes"]]
    return {"problems": [p for r in results for p in r[0]], "worst": max((r[1] for r in results if r[1] is not None), default=None),
            "seconds": round(sum(r[2] for r in results), 1)}


def missing_operators(tool, rows):
    """{operator: names of the models that use it} of those `inferc ops` does not list."""
    table = collections.defaultdict(set)
    for row in rows:
        for operator in set(operators(onnx.load(row["path"]).graph)) - tool.known:
            table[operator].add(f"{row['name']}.{row['exporter']}".rstrip("."))
    return table


def missing_text(table):
    lines = [f"{len(models):3} {op:24} {'(later) ' if op in SEQUENCES else ''}{' '.join(sorted(models))}"
             for op, models in sorted(table.items(), key=lambda t: (-len(t[1]), t[0]))]
    return "operators of zoo and real networks that `inferc ops` does not list, by number of files\n" + "\n".join(lines) + "\n"


def report(row, result):
    verdict = "ok" if result["check"]["ok"] else ("later" if row["later"] else "REFUSED")
    line = f"{row['name']:26} {row['exporter']:11} {verdict:8} {result['check']['seconds']:6.2f} s"
    if "run" in result:
        worst = result["run"]["worst"]
        line += f"  run {'differs' if result['run']['problems'] else 'agrees':8} {result['run']['seconds']:6.1f} s"
        line += f"  max {worst:.1e}" if worst is not None else ""
    print(line, flush=True)
    for text in (result["check"]["errors"] if not row["later"] else [])[:3] + result.get("run", {}).get("problems", []):
        print(f"    {text[:300]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inferc", default=str(ROOT / "build" / "inferc"))
    parser.add_argument("--real", type=pathlib.Path, default=ROOT.parent / "shared" / "models")
    parser.add_argument("--run", action="store_true")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--missing", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    args = parser.parse_args()
    tool, failed, results = Inferc(args.inferc), 0, []
    with tempfile.TemporaryDirectory() as folder:
        rows = [dict(r, path=pathlib.Path(folder) / r["file"]) for r in fill.fill_all(pathlib.Path(folder))]
        rows = [r for r in rows + list(real_rows(args.real)) if not args.only or r["name"] in args.only]
        if args.missing:
            args.missing.write_text(missing_text(missing_operators(tool, rows)))
        for row in rows:
            result = {"name": row["name"], "exporter": row["exporter"], "check": tool.check(row)}
            if args.run and result["check"]["ok"]:
                result["run"] = run(tool, row)
            report(row, result)
            refused = not result["check"]["ok"] and not row["later"]
            failed += bool(refused or result.get("run", {}).get("problems"))
            results.append(result)
    if args.json:
        args.json.write_text(json.dumps(results, indent=1))
    accepted = sum(r["check"]["ok"] for r in results)
    print(f"{accepted} of {len(results)} accepted, {len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
