#!/usr/bin/env python3
"""The numbers of quantised and pruned networks, as a Markdown table: bits against stored answers, speed beside float32 and ONNX Runtime.

    bench/quantised.py --inferc BUILD/inferc [--demo] [--kernels BUILD/bench_quantized] [--kernels-v3 BUILD/bench_quantized_v3] [--seconds S]

--demo: the jet tagger alone. Each row has the goal, what the newest code path here reaches, and what v3 reaches. Ratios are of medians,
the least of three rounds in which contestants take turns, so that what else the machine does meets them alike.
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
import time as clock

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


def time(inferc, models, batch, seconds, path=None, peer=True, rounds=3):
    """Of each model the nanoseconds of a call, the least median: ours, and ONNX Runtime at the level where it is fastest (None: it is not there)."""
    environment = dict(os.environ, **({"INFERC_ISA": path} if path else {}))
    best = [[None, None] for _ in models]
    for _ in range(rounds):
        for at, model in enumerate(models):
            with tempfile.NamedTemporaryFile(suffix=".json") as report:
                command = [inferc, "bench", model, "--dim", f"batch={batch}", "--seconds", str(seconds / rounds), "--json", report.name]
                quiet = {"stdout": subprocess.DEVNULL, "env": environment}
                if not peer or subprocess.run([*command, "--against", "onnxruntime"], stderr=subprocess.DEVNULL, **quiet).returncode != 0:
                    subprocess.run(command, check=True, **quiet)
                found = json.loads(pathlib.Path(report.name).read_text())
            for which, key in enumerate(("ours_ns", "onnxruntime_ns")):
                ns = [t for t in (best[at][which], found.get(key, {}).get("median")) if t is not None]
                best[at][which] = min(ns) if ns else None
    return best


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


def row(what, bar, value, v3=""):
    print(f"| {what} | {bar} | {value} | {v3} |", flush=True)


def ratio(ns, other):
    return f"{other / ns:.3g}" if ns and other else "not here"


def bits(inferc, folder, paths):
    differ = total = 0
    for kind in ("", "edge_"):
        if not (folder / f"{kind}inputs.npy").exists():
            continue
        inputs, answers = np.load(folder / f"{kind}inputs.npy"), np.load(folder / f"{kind}outputs.npy")
        for path in paths:
            differ += int((run(inferc, folder / "model_exact.onnx", inputs, path) != answers).sum())
            total += answers.size
    row(f"{folder.name}: outputs that differ from the trained network, {', '.join(paths)}", "0", f"{differ} of {total}")
    return differ


# What tests/models/test_quantised.py calls the cases of each row; it runs base, v3, v4 and v4q, at batch 1 and 64.
STORED = (("14 PQuantML models, stored and edge inputs", ["model_exact"]), ("189 quantiser cases", ["189"]), ("61 QONNX nodes", ["qonnx_nodes"]),
          ("3 Brevitas models", ["qonnx_fixed", "qonnx_bipolar", "qonnx_channel"]), ("14 files of ONNX Runtime, optimisations disabled", ["ort_"]))


def stored(inferc):
    """1 where an output differs that no rule of QUANTIZATION section 3 allows."""
    failed = 0
    for what, words in STORED:
        lines = []
        for word in words:
            done = subprocess.run([sys.executable, ROOT / "tests/models/test_quantised.py", inferc, "--only", word], capture_output=True, text=True)
            lines += done.stdout.splitlines()
            failed |= done.returncode not in (0, 77)
        passed, wrong = (sum(line.startswith(f"{verdict} ") for line in lines) for verdict in ("PASS", "FAIL"))
        allowed = [re.sub(r", as rule (\S+) allows", r" (rule \1)", line.strip()) for line in lines if " allows" in line]
        row(f"{what}: files with outputs that differ", "0", f"{wrong} of {passed + wrong}" + "".join(f"; {line}" for line in allowed))
    return failed


def tagger(inferc, seconds, scratch):
    plain, model = scratch / "float32.onnx", TAGGER / "model_exact.onnx"
    onnx.save(without_quantisers(onnx.load(model)), plain)
    for batch, bars in ((1, (30, 60, 1.8)), (1024, (3, 6, 2.5))):
        (ours, peer), (float32, float_peer) = time(inferc, [model, plain], batch, seconds)
        (ours3, _), (float3, _) = time(inferc, [model, plain], batch, seconds, path="v3", peer=False)
        name = f"jet tagger 16-64-32-32-5, batch {batch}"
        row(f"{name}: ns a jet, integers / our float32", "", f"{ours / batch:.1f} / {float32 / batch:.1f}", f"{ours3 / batch:.1f} / {float3 / batch:.1f}")
        for what, other, other3, bar in (("ONNX Runtime, float32", float_peer, float_peer, bars[0]), ("ONNX Runtime, the same file", peer, peer, bars[1]),
                                         ("our float32", float32, float3, bars[2])):
            row(f"{name}: times as fast as {what}", bar, ratio(ours, other), ratio(ours3, other3))


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


def kernel_ns(kernels):
    command = [kernels, "--benchmark_min_time=0.05", "--benchmark_repetitions=9", "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true", "--benchmark_format=json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["benchmarks"]
    return {re.sub("_median$", "", b["name"]): b["cpu_time"] for b in found if b["name"].endswith("_median")}


def layers(inferc, kernels, kernels_v3, scratch):
    ns, v3 = kernel_ns(kernels), kernel_ns(kernels_v3) if kernels_v3 else {}
    for shape, bar in (("1x256x256", 3.5), ("40x256x256", 3.3), ("1600x64x64", 2.7)):
        kind = proved_kind(inferc, *map(int, shape.split("x")[1:]), scratch)
        faster = [ratio(t.get(f"{KINDS[kind]}/{shape}"), t.get(f"float32/{shape}")) for t in (ns, v3)]
        row(f"dense layer {shape}, data of 7 bits ({kind} is proved): int8 to float32", f"{bar} (v3: 1.8)", *faster)
    for zeros, bar in ((80, 1.5), (90, 3.5)):
        row(f"1x256x256 with {zeros} % zeros: without them to dense int8", bar, ratio(ns[f"int8 without zeros, {zeros} % of 1x256x256"], ns["int8/1x256x256"]))
    for zeros, rows in ((90, "512x256x256"), (95, "512x256x256")):
        faster = [ratio(t.get(f"int8 by groups, {zeros} % of {rows}"), t.get(f"int8, fits in pairs/{rows}")) for t in (ns, v3)]
        row(f"{rows} with {zeros} % zeros, by groups of four weights: to dense int8", "1.2", *faster)


def pruned(inferc, seconds, scratch):
    model, twin = scratch / "pruned.onnx", scratch / "twin.onnx"
    onnx.save(pruned_mlp(256, 0.8), model)
    onnx.save(float_twin(onnx.load(model), 256), twin)
    faster = [ratio(ours, float32) for (ours, _), (float32, _) in (time(inferc, [model, twin], 1, seconds, path=path, peer=False) for path in (None, "v3"))]
    row("256-256-256-256-10, 8 bits, 80 % zeros, batch 1: times as fast as our float32", 5, *faster)


def emitted(inferc, scratch):
    """The largest source of a code path, and the longest time to compile one with its own flags. Layers are calls of kernels: no function is a list of terms."""
    most, slowest = 0, 0.0
    for number, model in enumerate((TAGGER / "model_exact.onnx", scratch / "pruned.onnx")):
        folder = scratch / f"emitted{number}"
        subprocess.run([inferc, "compile", model, "-o", folder, "--name", "net"], check=True, stdout=subprocess.DEVNULL)
        for source in json.loads((folder / "net.json").read_text())["sources"]:
            begin = clock.perf_counter()
            subprocess.run([os.environ.get("CXX", "c++"), "-std=c++20", *source["cxxflags"], "-c", source["file"], "-o", os.devnull], check=True, cwd=folder)
            slowest = max(slowest, clock.perf_counter() - begin)
        most = max(most, (folder / "net_body.hpp").stat().st_size)
    row("seconds to compile a code path of the tagger and of the pruned network, longest", "< 30", f"{slowest:.1f} ({most / 1000:.0f} kB of source)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inferc", type=pathlib.Path, default=ROOT / "build/inferc")
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--kernels", type=pathlib.Path)
    parser.add_argument("--kernels-v3", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=0.6)
    a = parser.parse_args()
    print("| measure | goal | found | v3 |\n|---|---|---|---|")
    failed = bits(a.inferc, TAGGER, ["base", "v3", "v4", "v4q"]) > 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        tagger(a.inferc, a.seconds, scratch)
        if not a.demo:
            pruned(a.inferc, a.seconds, scratch)
            emitted(a.inferc, scratch)
        if a.kernels:
            layers(a.inferc, a.kernels, a.kernels_v3, scratch)
    return 1 if failed | (not a.demo and stored(a.inferc)) else 0


if __name__ == "__main__":
    sys.exit(main())
