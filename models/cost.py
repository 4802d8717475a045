"""Floating-point operations of a model, 2 per multiply-add of products, convolutions and recurrent layers."""
import json
import pathlib
import tempfile

import numpy as np
import onnxruntime

from . import inputs


def product_flop(node, ins, outs):
    """From the shapes that ONNX Runtime's profile recorded; 0 for operators that are no products."""
    size = lambda shape: int(np.prod(shape, dtype=np.int64))
    if node == "MatMul":
        return 2 * size(outs[0]) * ins[0][-1]
    if node in ("Gemm", "Einsum"):                    # Einsum: the two of linear attention, [b, h, d, n] with [b, h, e, n]
        return 2 * size(ins[0]) * outs[0][-1]
    if node == "Conv":
        return 2 * size(outs[0]) * size(ins[1][1:])
    if node == "ConvTranspose":
        return 2 * size(ins[0]) * size(ins[1][1:])
    if node in ("LSTM", "GRU"):                       # [steps, batch, c] -> [1, batch, hidden]
        steps, batch, features = ins[0]
        hidden = outs[-1][-1]
        return 2 * steps * batch * (4 if node == "LSTM" else 3) * hidden * (features + hidden)
    return 0


def mflop(model, row, sizes):
    """Of one call at the given sizes."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_profiling, options.log_severity_level = True, 3
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(pathlib.Path(folder) / "profile")
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        session.run(None, inputs.feed(row, sizes))
        events = json.loads(pathlib.Path(session.end_profiling()).read_text())
    total = 0
    for event in events:
        args = event.get("args", {})
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            ins, outs = ([next(iter(t.values())) for t in args[k]] for k in ("input_type_shape", "output_type_shape"))
            total += product_flop(args["op_name"], ins, outs)
    return round(total / 1e6, 4)
