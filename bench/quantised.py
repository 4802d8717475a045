#!/usr/bin/env python3
"""The numbers of quantised and pruned networks, as a Markdown table: bits against stored answers, speed beside float32 and ONNX Runtime.

    bench/quantised.py --inferc BUILD/inferc [--demo] [--kernels BUILD/bench_quantized] [--models DIR] [--seconds S]

--demo: the jet tagger alone. All networks of DIR (default tests/data/quantized) otherwise.
Exit status 1: an output differs from the trained network's.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ROOT = pathlib.Path(__file__).resolve().parent.parent
TAGGER = ROOT / "tests/data/quantized/pq_mlp_pdp70"


def run(inferc, model, inputs, path=None):
    """What the generated code gives for an array, by the code path `path` or the newest."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        (folder / "in").mkdir()
        np.save(folder / "in/input_0.npy", inputs)
        environment = dict(os.environ, **({"INFERC_ISA": path} if path else {}))
        subprocess.run([inferc, "run", model, "--inputs", folder / "in", "--outputs", folder / "out"], check=True, env=environment, stdout=subprocess.DEVNULL)
        return np.load(folder / "out/output_0.npy")


def time(inferc, model, batch, seconds):
    """Nanoseconds of a call, minimum: ours, and ONNX Runtime at the level where it is fastest (None: it is not there)."""
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        command = [inferc, "bench", model, "--dim", f"batch={batch}", "--seconds", str(seconds), "--json", report.name]
        done = subprocess.run([*command, "--against", "onnxruntime"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = json.loads(pathlib.Path(report.name).read_text())
    return found["ours_ns"]["min"], found.get("onnxruntime_ns", {}).get("min")


def without_quantisers(model):
    """The network in float32: quantisers taken out, weights as float32 constants."""
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    same, nodes = {}, []
    for n in model.graph.node:
        if n.domain == "inferc.fixed":
            same[n.output[0]] = n.input[0]
        elif n.op_type == "DequantizeLinear" and n.input[0] in constants:
            q, step = constants[n.input[0]].astype(np.float32), constants[n.input[1]]
            constants[n.output[0]] = q * (step.reshape((-1,) + (1,) * (q.ndim - 1)) if step.ndim else step)
        else:
            nodes.append(n)
    def source(name):
        while name in same:
            name = same[name]
        return name
    for n in nodes:
        n.input[:] = [source(i) for i in n.input]
    nodes.append(helper.make_node("Identity", [source(model.graph.output[0].name)], [model.graph.output[0].name]))
    used = {i for n in nodes for i in n.input}
    graph = helper.make_graph(nodes, "float32", model.graph.input, model.graph.output, [numpy_helper.from_array(v.astype(np.float32), k) for k, v in constants.items() if k in used])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def pruned_mlp(width, zeros):
    """256-256-256-256-10 with 8-bit weights of which a share is zero, between quantisers to 7 bits that are written out."""
    random = np.random.default_rng(1)
    constant = lambda name, v: numpy_helper.from_array(np.asarray(v), name)
    tensors = [constant(k, np.float32(v)) for k, v in (("scale", 128), ("half", 0.5), ("low", 0), ("high", 127))] + [constant("step", np.float32(2.0 ** -10))]
    nodes, value = [], "input"
    def quantise(x):
        names = [f"{x}.{k}" for k in ("v", "s", "r", "q", "y")]
        for op, inputs, out in (("Mul", [x, "scale"], names[0]), ("Add", [names[0], "half"], names[1]), ("Floor", [names[1]], names[2]),
                                ("Clip", [names[2], "low", "high"], names[3]), ("Div", [names[3], "scale"], names[4])):
            nodes.append(helper.make_node(op, inputs, [out]))
        return names[-1]
    for k, n in enumerate([width, width, width, 10]):
        weights = random.integers(-127, 128, (n, width)) * (random.random((n, width)) >= zeros)
        tensors += [constant(f"w{k}", weights.astype(np.int8)), constant(f"b{k}", np.float32(np.round(random.normal(size=n) * 64) / 64))]
        nodes.append(helper.make_node("DequantizeLinear", [f"w{k}", "step"], [f"W{k}"]))
        nodes.append(helper.make_node("Gemm", [quantise(value), f"W{k}", f"b{k}"], [f"y{k}"], transB=1))
        value = f"y{k}"
    info = lambda name, n: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", n])
    graph = helper.make_graph(nodes, "pruned", [info("input", width)], [info(value, 10)], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def float_twin(model, width):
    """A float32 network of the same layers with Relu between them."""
    constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    nodes, tensors, value = [], [], "input"
    for k in range(4):
        tensors += [numpy_helper.from_array(constants[f"w{k}"].astype(np.float32) / 1024, f"w{k}"), numpy_helper.from_array(constants[f"b{k}"], f"b{k}")]
        nodes.append(helper.make_node("Gemm", [value, f"w{k}", f"b{k}"], [f"y{k}"], transB=1))
        value = f"y{k}"
        if k < 3:
            nodes.append(helper.make_node("Relu", [value], [f"r{k}"]))
            value = f"r{k}"
    graph = helper.make_graph(nodes, "float32", model.graph.input, model.graph.output, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def row(what, value, bar=""):
    print(f"| {what} | {value} | {bar} |", flush=True)


def bits(inferc, folder, paths):
    differ = total = 0
    for kind in ("", "edge_"):
        if not (folder / f"{kind}inputs.npy").exists():
            continue
        inputs, answers = np.load(folder / f"{kind}inputs.npy"), np.load(folder / f"{kind}outputs.npy")
        for path in paths:
            differ += int((run(inferc, folder / "model_exact.onnx", inputs, path) != answers).sum())
            total += answers.size
    row(f"{folder.name}: outputs that differ from the trained network", f"{differ} of {total}", "0")
    return differ


def tagger(inferc, seconds, scratch):
    plain = scratch / "float32.onnx"
    onnx.save(without_quantisers(onnx.load(TAGGER / "model_exact.onnx")), plain)
    for batch, bars in ((1, (30, 60, 1.8)), (1024, (3, 6, 2.5))):
        ours, peer = time(inferc, TAGGER / "model_exact.onnx", batch, seconds)
        float32, float_peer = time(inferc, plain, batch, seconds)
        row(f"jet tagger 16-64-32-32-5, batch {batch}: ns a jet, integers / our float32", f"{ours / batch:.1f} / {float32 / batch:.1f}")
        for what, other, bar in (("ONNX Runtime, float32", float_peer, bars[0]), ("ONNX Runtime, the same file", peer, bars[1]), ("our float32", float32, bars[2])):
            row(f"jet tagger, batch {batch}: times as fast as {what}", f"{other / ours:.1f}" if other else "not here", bar)


# The benchmark of each kind of products, by the name that `inferc inspect` prints.
KINDS = {"Bytes<0>": "int8", "Bytes<1>": "int8, fits in pairs", "Bytes<2>": "int8, two groups fit"}


def proved_kind(inferc, k, n, scratch):
    """The products of a layer by the defaults of PQuantML, data of 7 bits and weights of 8: what the compiler proves of these weights."""
    random = np.random.default_rng(1)
    weights = np.clip(np.round(random.normal(0, 0.3, (k, n)) * 128), -128, 127)
    tensors = [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in (("s", 128), ("h", 0.5), ("l", 0), ("m", 127), ("w", weights / 128))]
    nodes = [helper.make_node(op, inputs, [out]) for op, inputs, out in (
        ("Mul", ["x", "s"], "1"), ("Add", ["1", "h"], "2"), ("Floor", ["2"], "3"), ("Clip", ["3", "l", "m"], "4"), ("Div", ["4", "s"], "5"), ("MatMul", ["5", "w"], "y"))]
    info = lambda name, size: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])
    graph = helper.make_graph(nodes, "layer", [info("x", k)], [info("y", n)], tensors)
    path = scratch / f"layer_{k}x{n}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    report = json.loads(subprocess.run([inferc, "inspect", path, "--json", "-"], check=True, capture_output=True, text=True).stdout)
    return report["integer_layers"][0]["products"]


def layers(inferc, kernels, scratch):
    command = [kernels, "--benchmark_min_time=0.05", "--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true", "--benchmark_format=json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"]
    ns = {re.sub("_median$", "", b["name"]): b["cpu_time"] for b in found if b["name"].endswith("_median")}
    for shape, bar in (("1x256x256", 3.5), ("40x256x256", 3.3), ("1600x64x64", 2.7)):
        kind = proved_kind(inferc, *map(int, shape.split("x")[1:]), scratch)
        row(f"dense layer {shape}, data of 7 bits ({kind} is proved): int8 to float32", f"{ns['float32/' + shape] / ns[f'{KINDS[kind]}/{shape}']:.2f}", bar)
    for zeros, bar in ((80, 1.5), (90, 3.5)):
        row(f"1x256x256 with {zeros} % zeros: without them to dense int8", f"{ns['int8/1x256x256'] / ns[f'int8 without zeros, {zeros} % of 1x256x256']:.2f}", bar)


def pruned(inferc, seconds, scratch):
    model = pruned_mlp(256, 0.8)
    onnx.save(model, scratch / "pruned.onnx")
    onnx.save(float_twin(model, 256), scratch / "twin.onnx")
    ours, float32 = time(inferc, scratch / "pruned.onnx", 1, seconds)[0], time(inferc, scratch / "twin.onnx", 1, seconds)[0]
    row("256-256-256-256-10, 8 bits, 80 % zeros, batch 1: times as fast as our float32", f"{float32 / ours:.1f}", 5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inferc", type=pathlib.Path, default=ROOT / "build/inferc")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--kernels", type=pathlib.Path)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "tests/data/quantized")
    parser.add_argument("--seconds", type=float, default=0.5)
    a = parser.parse_args()
    print("| measure | found | bar |\n|---|---|---|")
    paths = ["base", "v3", "v4", "v4q"]
    differ = bits(a.inferc, TAGGER, paths)
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        tagger(a.inferc, a.seconds, scratch)
        if not a.demo:
            pruned(a.inferc, a.seconds, scratch)
        if a.kernels:
            layers(a.inferc, a.kernels, scratch)
    if not a.demo and a.models.is_dir():
        for f in sorted(a.models.glob("pq_*")):
            if f.name != TAGGER.name and (f / "model_exact.onnx").exists() and (f / "inputs.npy").exists():
                differ += bits(a.inferc, f, paths)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
