"""Networks of the zoo with every size fixed: the self-test of the generated code, and rule D against ONNX Runtime and float64.

  python tests/models/test_fixed.py INFERC [--all] [--only NAME.onnx...] [--folder DIR]

Fixed sizes take other ways through passes and kernels than symbols do: operands of constant size broadcast, views merge, sizes of
one vanish. The second of the sizes that zoo.json lists is taken: small, and unequal.
Without --all those networks that take seconds. Exit 77 where numpy, onnx or onnxruntime is missing.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy  # noqa: F401
    import onnx  # noqa: F401
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from models import fill  # noqa: E402

LIBRARY = next(pathlib.Path(onnxruntime.__file__).parent.glob("capi/libonnxruntime.so.*"))
QUICK = ["jet_mlp.torchscript.onnx", "axol1tl.dynamo.onnx", "superclustering.dynamo.onnx", "deepsets.torchscript.onnx", "dips.dynamo.onnx", "particlenet_lite.dynamo.onnx",
         "deepflavour_run3.torchscript.onnx"]
SECONDS = 1800


def call(command, folder):
    done = subprocess.run([str(w) for w in command], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
    return done.returncode, done.stdout, done.stderr


def dims_of(row):
    sizes = row["sizes"][min(1, len(row["sizes"]) - 1)]
    return [option for symbol, n in sizes.items() for option in ("--dim", f"{symbol}={n}")]


def selftest(inferc, model, dims, folder):
    """None, or what is wrong."""
    status, _, errors = call([inferc, "compile", model, *dims, "--isa", "v3", "--name", "net", "-o", folder], ROOT)
    if status:
        return errors
    manifest = json.loads((folder / "net.json").read_text())
    objects = []
    for source in [*manifest["sources"], {"file": "net_selftest.cpp", "cxxflags": ["-O1"]}]:
        objects.append(folder / (source["file"] + ".o"))
        status, _, errors = call(["c++", "-std=c++20", *source["cxxflags"], "-c", source["file"], "-o", objects[-1]], folder)
        if status:
            return errors
    status, output, errors = call(["c++", *objects, "-o", folder / "selftest"], folder)
    if not status:
        status, output, errors = call([folder / "selftest"], folder)
    return (output + errors)[-500:] if status else None


def rule_d(inferc, model, dims, folder):
    status, output, errors = call([inferc, "verify", model, *dims, "--against", "onnxruntime", "--onnxruntime", LIBRARY, "--json", folder / "report.json"], ROOT)
    if not (folder / "report.json").exists():
        return errors or output
    checks = json.loads((folder / "report.json").read_text())["checks"]
    bad = [c for c in checks if c["verdict"] != "PASS"]
    compared = [o for c in checks for o in c["outputs"] if o["onnxruntime_error"]]
    return None if not status and not bad and compared else f"{bad or 'nothing was compared with ONNX Runtime'}"[:500]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inferc", type=pathlib.Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--folder", type=pathlib.Path)
    args = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = args.folder or pathlib.Path(name)
        rows = fill.fill_all(folder, args.only or ([] if args.all else QUICK))
        for row in (r for r in rows if not r["later"]):
            model, scratch = folder / row["file"], folder / row["file"].removesuffix(".onnx")
            scratch.mkdir(exist_ok=True)
            problem = selftest(args.inferc.resolve(), model, dims_of(row), scratch) or rule_d(args.inferc.resolve(), model, dims_of(row), scratch)
            failed += bool(problem)
            print(f"FAIL {row['file']} {' '.join(dims_of(row))}: {problem}" if problem else f"PASS {row['file']}", flush=True)
            model.unlink()
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
