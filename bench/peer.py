"""One peer on one network, in a process that it may take down: python -m bench.peer

The first line that it reads is the specification of scripts/bench-peers: {"peer", "model" (path), "listed" (row of zoo.json or null), "sizes",
"core", "seconds", "library"; for OpenVINO also "outputs", the .npz file of its results}. It answers {"version"} when it is ready, or {"error"},
and {"median", "min", "samples"} to every line after that. Between lines it sleeps, so that what runs in turn with it has the core and its caches.
"""
import json
import os
import pathlib
import statistics
import sys
import time

import numpy as np


def measure(call, seconds):
    """Median and least nanoseconds of a call, CPU time of the process: a sample is at least 25 us of calls."""
    def sample(n):
        start = time.process_time_ns()
        for _ in range(n):
            call()
        return (time.process_time_ns() - start) / n
    one = max(min(sample(1) for _ in range(3)), 1)
    calls = max(1, int(25_000 / one))
    rounds = min(max(11, int(seconds * 1e9 / (one * calls))), 2000)
    times = [sample(calls) for _ in range(rounds)]
    return {"median": statistics.median(times), "min": min(times), "samples": rounds}


def graph_inputs(path, sizes):
    """Of a network that zoo.json does not list: normal numbers, and zeros where it takes whole ones."""
    import onnx
    graph = onnx.load(path).graph
    constants = {t.name for t in graph.initializer}
    feed, rng = {}, np.random.default_rng(1)
    for value in graph.input:
        if value.name in constants:
            continue
        tensor = value.type.tensor_type
        shape = [d.dim_value or sizes[d.dim_param or f"{value.name}_d{axis}"] for axis, d in enumerate(tensor.shape.dim)]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        feed[value.name] = (rng.standard_normal(shape) if dtype.kind == "f" else np.zeros(shape)).astype(dtype)
    return feed


def feed_of(spec):
    from models import inputs
    return inputs.feed(spec["listed"], spec["sizes"]) if spec["listed"] else graph_inputs(spec["model"], spec["sizes"])


def openvino_call(spec, static, precision="f32"):
    import openvino
    feed, core = feed_of(spec), openvino.Core()
    model = core.read_model(spec["model"])
    if static:
        model.reshape({name: list(x.shape) for name, x in feed.items()})
    options = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    for name, x in feed.items():
        request.set_tensor(name, openvino.Tensor(x))
    if "outputs" in spec:
        np.savez(spec["outputs"], *request.infer().values())
    return request.infer, openvino.__version__.split("-")[0]


def torch_model(spec):
    import torch
    from models import export, registry
    if not spec["listed"]:
        raise LookupError("only an ONNX file is published of this network")
    torch.set_num_threads(1)
    return export.built(registry.ENTRIES[spec["listed"]["name"]])[0], [torch.from_numpy(x) for x in feed_of(spec).values()]


def torch_call(spec, compiled):
    import torch
    model, arguments = torch_model(spec)
    if compiled:
        model = torch.compile(model, dynamic=False)

    def call():
        with torch.inference_mode():
            return model(*arguments)
    return call, torch.__version__


def inductor_call(spec):
    import torch
    model, arguments = torch_model(spec)
    if not pathlib.Path(spec["library"]).exists():
        with torch.no_grad():
            program = torch.export.export(model, tuple(arguments), strict=False)
            torch._inductor.aoti_compile_and_package(program, package_path=spec["library"])
    compiled = torch._inductor.aoti_load_package(spec["library"])

    def call():
        with torch.inference_mode():
            return compiled(*arguments)
    return call, torch.__version__


CALLS = {
    "openvino": lambda spec: openvino_call(spec, True),
    "openvino-dynamic": lambda spec: openvino_call(spec, False),
    "openvino-bf16": lambda spec: openvino_call(spec, True, "bf16"),
    "eager": lambda spec: torch_call(spec, False),
    "compile": lambda spec: torch_call(spec, True),
    "aoti": inductor_call,
}


def serve(talk):
    spec = json.loads(sys.stdin.readline())
    os.sched_setaffinity(0, {spec["core"]})
    try:
        call, version = CALLS[spec["peer"]](spec)
        call()
    except Exception as e:  # a peer that cannot run a network is a result, too
        return print(json.dumps({"error": (str(e).strip().splitlines() or [type(e).__name__])[0][:200]}), file=talk, flush=True)
    print(json.dumps({"version": version}), file=talk, flush=True)
    for _ in sys.stdin:
        print(json.dumps(measure(call, spec["seconds"])), file=talk, flush=True)


def main():
    talk = os.fdopen(os.dup(1), "w")  # what libraries print goes elsewhere
    os.dup2(2, 1)
    serve(talk)
    os._exit(0)  # what libraries do at their end is no part of the measurement


main()
