"""Quantised networks: generated code against the answers of the tools that trained them, every output, on every code path.

  python tests/models/test_quantised.py INFERC [--only WORD] [--count]      (numpy; exit 77 where it is not installed)

-0 equals 0. Outputs may differ where QUANTIZATION section 3 says so: see `rule`. `--count` prints the numbers of outputs that differ and fails for nothing but refused models.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import onnx
    from onnx import numpy_helper
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

import compiled

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "python"))
DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "quantized"
PATHS, BATCHES = ("base", "v3", "v4", "v4q"), (1, 64)
ORT = ("qdq_u8s8", "qdq_s8s8", "qdq_u8s8_tensor", "qdq_s16s8", "qoperator_u8s8", "qoperator_s8s8", "dynamic")

# Built as the manifest says; the others quickly.
AS_USERS_DO = ("halves/columns", "halves/blocks", "pq_mlp_pdp70/model_exact", "pq_conv2d_bn/model_exact", "qonnx_fixed_mlp/model", "ort_mlp/qdq_u8s8")
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
        d = pquant.Description()
        d.inputs = [{"name": "x", "shape": [None]}]
        for number, case in enumerate(json.loads((self.model.parent / "cases.json").read_text())):
            bits = [np.array(float(case[n])) for n in "kif"]
            d.outputs.append(d.quantize("x", f"y{number}", [None], bits, case["round"], case["overflow"]))
        path = pathlib.Path(folder) / "quantisers.onnx"
        onnx.save_model(pquant.build(d.finish()), path)
        return path


class Halves(Case):
    """Weights of 4 bits in the file, with a step for each column or for each block of 64 rows, that stay two to a byte."""

    WIDTH = 1088

    def __init__(self, block):
        self.name, self.block = f"halves/{'blocks' if block else 'columns'}", block
        random = np.random.default_rng(4)
        self.weights = random.integers(-8, 8, (self.WIDTH, self.WIDTH))
        self.steps = 2.0 ** -random.integers(2, 5, (self.WIDTH // block, self.WIDTH) if block else self.WIDTH)
        self.inputs = (np.round(random.standard_normal((64, self.WIDTH)) * 32) / 32).astype(np.float32)

    def load(self):
        data = np.clip(np.floor(self.inputs.astype(np.float64) * 16), -20, 20) / 16
        return [(self.inputs, (data @ (self.weights * (np.repeat(self.steps, self.block, 0) if self.block else self.steps))).astype(np.float32))]

    def written(self, folder):
        h = onnx.helper
        tensors = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in (("scale", 16), ("low", -20), ("high", 20), ("steps", self.steps))]
        tensors.append(h.make_tensor("weights", onnx.TensorProto.INT4, self.weights.shape, self.weights.ravel()))
        blocks = {"axis": 0, "block_size": self.block} if self.block else {"axis": 1}
        nodes = [h.make_node("Mul", ["x", "scale"], ["1"]), h.make_node("Floor", ["1"], ["2"]), h.make_node("Clip", ["2", "low", "high"], ["3"]),
                 h.make_node("Div", ["3", "scale"], ["4"]), h.make_node("DequantizeLinear", ["weights", "steps"], ["w"], **blocks), h.make_node("MatMul", ["4", "w"], ["y"])]
        info = lambda name: h.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", self.WIDTH])
        path = pathlib.Path(folder) / "halves.onnx"
        onnx.save_model(h.make_model(h.make_graph(nodes, "halves", [info("x")], [info("y")], tensors), opset_imports=[h.make_opsetid("", 21)], ir_version=10), path)
        return path


def cases():
    out = [Halves(0), Halves(64)]
    for folder in sorted(DATA.glob("pq_*")):
        f = folder.name
        sets = [(f"{f}/{e}inputs.npy", f"{f}/{e}outputs.npy") for e in ("", "edge_") if (folder / f"{e}inputs.npy").exists()]
        if (folder / "model_exact.onnx").exists():
            out.append(Case(f"{f}/model_exact.onnx", *sets))
    out.append(Quantisers("pq_quantizer/189 cases", ("pq_quantizer/inputs.npy", "pq_quantizer/outputs.npy")))
    for folder in sorted(DATA.glob("qonnx_*")):
        f = folder.name
        answers = [("model", "outputs"), ("model_clean", "outputs"), ("model_qcdq", "qcdq_outputs")]
        out += [Case(f"{f}/{m}.onnx", (f"{f}/inputs.npy", f"{f}/{o}.npy")) for m, o in answers if (folder / f"{m}.onnx").exists()]
    out += [Case(f"{f}/{form}.onnx", (f"{f}/inputs.npy", f"{f}/{form}_outputs.npy")) for f in ("ort_mlp", "ort_conv") for form in ORT]
    return out


# The files whose outputs need a rule, with the most that they use of it; all others are exact.
CONV = ("T", 1e-5)
BY_RULE = {"ort_conv/qdq_s16s8": ("E-ORT", 6e-4), "ort_mlp/dynamic": ("T", 2e-7), "qonnx_channel_conv/model": CONV, "qonnx_channel_conv/model_clean": CONV,
           "qonnx_channel_conv/model_qcdq": CONV}
EPS = 2.0**-23
LAYERS, FLOAT_SUMS = ("Conv", "Gemm", "MatMul"), ("Conv", "Gemm", "MatMul", "Softmax")
QUANTISERS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Quant", "BipolarQuant")


def behind_quantisers(graph):
    """The nodes between the last quantisers and the outputs."""
    producer = {o: n for n in graph.node for o in n.output}
    found, waiting = [], [producer[o.name] for o in graph.output]
    while waiting:
        n = waiting.pop()
        if n.op_type not in QUANTISERS and n not in found:
            found.append(n)
            waiting += [producer[i] for i in n.input if i in producer]
    return found


def rule(model, inferc, largest):
    """The largest difference that QUANTIZATION section 3 allows in a file whose largest answer is `largest`, and the rule.

    E-ORT: sums of data and weights of more than 24 bits, which ONNX Runtime rounds in an order of its own: one step of the output.
    T: a sum or Softmax in float32 of what is on no grid, and nothing quantised behind it: rule D of CORRECTNESS, 4 eps of the largest output.
    """
    graph = onnx.load(model).graph
    constants = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    last = next(n for n in graph.node if graph.output[0].name in n.output)
    layer = any(n.op_type in LAYERS for n in graph.node)
    words = any(n.op_type == "QuantizeLinear" and constants[n.input[2]].dtype == np.int16 for n in graph.node if len(n.input) > 2 and n.input[2] in constants)
    if words and layer and last.op_type == "DequantizeLinear" and constants[last.input[1]].size == 1:
        return float(constants[last.input[1]]) + EPS * largest, "E-ORT"  # steps k and k + 1, each rounded to float32
    report = json.loads(subprocess.run([inferc, "inspect", model, "--json", "-"], check=True, capture_output=True, text=True).stdout)
    on_grid = graph.output[0].name in [g["value"] for g in report.get("grids", [])]
    rounded = report.get("exactness", "T" if any(n.op_type in QUANTISERS for n in graph.node) else "").startswith("T")
    if rounded and not on_grid and any(n.op_type in FLOAT_SUMS for n in behind_quantisers(graph)):
        return 4 * EPS * largest, "T"
    return 0, ""


def differing(got, want, tolerance):
    """Of outputs: one tensor, or one for each row of the answers. An argmax that is another where the largest is clear counts, too."""
    got = got[0] if len(got) == 1 else np.stack([g.reshape(want.shape[1:]) for g in got])
    assert got.shape == want.shape, f"shape {got.shape}, not {want.shape}"
    if tolerance and want.ndim > 1:
        ordered = np.sort(want, axis=-1)
        clear = ordered[..., -1] - ordered[..., -2] > 2 * tolerance
        if np.any(clear & (got.argmax(-1) != want.argmax(-1))):
            return got.size
    return int(np.count_nonzero(~((np.abs(got - want) <= tolerance) | (got == want) | (np.isnan(got) & np.isnan(want)))))


def check(case, inferc, folder):
    """Lines of what differs, and how many outputs that was."""
    written = case.written(folder)
    network = compiled.Compiled(inferc, str(written), folder, PATHS, compiler="g++" if case.name in AS_USERS_DO else compiled.QUICK)
    worst, lines = 0, []
    largest = max(float(np.nanmax(np.abs(want))) for _, want in case.load())
    tolerance, why = rule(written, inferc, largest) if case.name in BY_RULE else (0, "")
    expected, most = BY_RULE.get(case.name, ("", 0))
    assert why == expected, f"no rule of QUANTIZATION section 3 covers {case.name}"
    tolerance = min(tolerance, most)
    used = 0
    whole = case.name in WHOLE_BATCH or not network.table.symbol_count
    for path in PATHS:
        for batch in (len(case.load()[0][0]),) if whole else BATCHES:
            counts = []
            for inputs, want in case.load():
                got = network.run([inputs], path, batch)
                counts.append(None if got is None else differing(got, want, tolerance))
                used = max(used, 0 if got is None or not tolerance else differing(got, want, 0))
            if any(counts):
                lines.append(f"{path}, batch {batch}: {' and '.join(map(str, counts))} of {want.size} differ")
            worst = max(worst, sum(c or 0 for c in counts))
    if used:
        lines.append(f"{used} of {case.load()[0][1].size} differ by at most {tolerance:.2g}, as rule {why} allows")
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
