"""Quantised networks: generated code against the answers of the tools that trained them, every output, on every code path.

  python tests/models/test_quantised.py INFERC [--only WORD] [--count]      (numpy; exit 77 where it is not installed)

-0 equals 0. What no rule makes exact is named in TOLERATED, with the reason. `--count` prints the numbers of outputs that differ and fails for nothing but refused models.
"""
import argparse
import json
import os
import pathlib
import sys
import tempfile

try:
    import numpy as np
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import compiled

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "python"))
DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "quantized"
PATHS, BATCHES = ("base", "v3", "v4", "v4q"), (1, 64)
ORT = ("qdq_u8s8", "qdq_s8s8", "qdq_u8s8_tensor", "qdq_s16s8", "qoperator_u8s8", "qoperator_s8s8", "dynamic")

# Float where no power of two keeps it exact: the largest difference, and why.
TOLERATED = {
    "qonnx_channel_conv/model": (1e-5, "scales that are no powers of two, and a float output: sums in another order"),
    "qonnx_channel_conv/model_clean": (1e-5, "as above"),
    "qonnx_channel_conv/model_qcdq": (1e-5, "as above"),
    "ort_mlp/dynamic": (2e-7, "a float Softmax of values up to 1"),
    "ort_conv/qdq_s16s8": (6e-4, "sums beyond 24 bits: one step of the output"),
}
# Scales that the batch gives: one call for all rows.
WHOLE_BATCH = ("ort_mlp/dynamic", "ort_conv/dynamic")


class Case:
    """A model, and sets of (inputs, answers)."""

    def __init__(self, model, *sets):
        self.model, self.sets = DATA / model, [(DATA / i, DATA / o) for i, o in sets]
        self.name = model.removesuffix(".onnx")

    def load(self):
        return [(np.load(i), np.load(o)) for i, o in self.sets]

    def written(self, folder):
        return self.model


class Quantisers(Case):
    """Each rounding and overflow on its own: 189 outputs of one model."""

    def written(self, folder):
        import inferc.pquant as pquant
        import onnx
        d = pquant.Description()
        d.inputs = [{"name": "x", "shape": [None]}]
        for number, case in enumerate(json.loads((self.model.parent / "cases.json").read_text())):
            bits = [np.array(float(case[n])) for n in "kif"]
            d.outputs.append(d.quantize("x", f"y{number}", [None], bits, case["round"], case["overflow"]))
        path = pathlib.Path(folder) / "quantisers.onnx"
        onnx.save_model(pquant.build(d.finish()), path)
        return path


def cases():
    out = []
    for folder in sorted(DATA.glob("pq_*")):
        f = folder.name
        sets = [(f"{f}/{e}inputs.npy", f"{f}/{e}outputs.npy") for e in ("", "edge_") if (folder / f"{e}inputs.npy").exists()]
        if (folder / "model_exact.onnx").exists():
            out.append(Case(f"{f}/model_exact.onnx", *sets))
    try:
        import onnx  # noqa: F401
        out.append(Quantisers("pq_quantizer/189 cases", ("pq_quantizer/inputs.npy", "pq_quantizer/outputs.npy")))
    except ImportError as missing:
        print(f"skipped pq_quantizer: {missing}")
    for folder in sorted(DATA.glob("qonnx_*")):
        f = folder.name
        answers = [("model", "outputs"), ("model_clean", "outputs"), ("model_qcdq", "qcdq_outputs")]
        out += [Case(f"{f}/{m}.onnx", (f"{f}/inputs.npy", f"{f}/{o}.npy")) for m, o in answers if (folder / f"{m}.onnx").exists()]
    out += [Case(f"{f}/{form}.onnx", (f"{f}/inputs.npy", f"{f}/{form}_outputs.npy")) for f in ("ort_mlp", "ort_conv") for form in ORT]
    return out


def differing(got, want, tolerance):
    """Of outputs: one tensor, or one for each row of the answers."""
    got = got[0] if len(got) == 1 else np.stack([g.reshape(want.shape[1:]) for g in got])
    assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
    return int(np.count_nonzero(~((np.abs(got - want) <= tolerance) | (got == want) | (np.isnan(got) & np.isnan(want)))))


def check(case, inferc, folder):
    """Lines of what differs, and how many outputs that was."""
    network = compiled.Compiled(inferc, str(case.written(folder)), folder, PATHS)
    worst, lines = 0, []
    tolerance, _ = TOLERATED.get(case.name, (0, ""))
    whole = case.name in WHOLE_BATCH or not network.table.symbol_count
    for path in PATHS:
        for batch in (len(case.load()[0][0]),) if whole else BATCHES:
            counts = []
            for inputs, want in case.load():
                got = network.run([inputs], path, batch)
                counts.append(None if got is None else differing(got, want, tolerance))
            if any(counts):
                lines.append(f"{path}, batch {batch}: {' and '.join(map(str, counts))} of {want.size} differ")
            worst = max(worst, sum(c or 0 for c in counts))
    return worst, lines


def main():
    options = argparse.ArgumentParser()
    options.add_argument("inferc")
    options.add_argument("--only", default="")
    options.add_argument("--count", action="store_true")
    given = options.parse_args()
    passed = failed = 0
    for case in cases():
        if given.only not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                worst, lines = check(case, os.path.abspath(given.inferc), folder)
            except compiled.Refused as refused:
                worst, lines = -1, str(refused).splitlines()[:2]
        passed, failed = passed + (worst == 0), failed + (worst != 0)
        print(f"{'PASS' if worst == 0 else 'REFUSED' if worst < 0 else 'FAIL'} {case.name}" + "".join(f"\n  {line}" for line in lines), flush=True)
    print(f"{passed} passed, {failed} failed")
    return 0 if not failed or given.count else 1


if __name__ == "__main__":
    sys.exit(main())
