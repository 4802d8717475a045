"""A description as one ONNX file (opset 21, for int16 in DequantizeLinear) that any runtime computes bit for bit."""
from __future__ import annotations

from typing import Any

import numpy as np
from onnx import FunctionProto, ModelProto, TensorProto, checker, helper, numpy_helper

from .description import Description, Unsupported

DOMAIN = "inferc.fixed"
OPSETS = [helper.make_opsetid("", 21), helper.make_opsetid(DOMAIN, 1)]

# v -> r; inferc compares the body with these formulas (compiler/onnx/fixed_point.cpp)
ROUND = {
    "TRN": [("Floor", "v", "r")], "RND": [("Add", "v half", "s"), ("Floor", "s", "r")], "RND_CONV": [("Round", "v", "r")],
    "RND_MIN_INF": [("Sub", "v half", "s"), ("Ceil", "s", "r")],
    "TRN_ZERO": [("Abs", "v", "a"), ("Floor", "a", "b"), ("Sign", "v", "g"), ("Mul", "b g", "r")],
    "RND_INF": [("Abs", "v", "a"), ("Add", "a half", "s"), ("Floor", "s", "b"), ("Sign", "v", "g"), ("Mul", "b g", "r")],
    "RND_ZERO": [("Abs", "v", "a"), ("Sub", "a half", "s"), ("Ceil", "s", "b"), ("Sign", "v", "g"), ("Mul", "b g", "r")],
}
CLIP = [("Min", "r high", "m"), ("Max", "m low", "q")]
WRAP = [("Sub", "high low", "w"), ("Add", "w one", "n"), ("Sub", "r low", "d"), ("Div", "d n", "e"), ("Floor", "e", "t"),
        ("Mul", "t n", "u"), ("Sub", "r u", "q")]
OVERFLOW = {"SAT": CLIP, "SAT_SYM": CLIP, "WRAP": WRAP}


def quantiser(rounding: str, overflow: str) -> FunctionProto:
    """The function inferc.fixed::Quantize_<rounding>_<overflow>: y = clip_or_wrap(round(x * scale), low, high) / scale."""
    steps = [("Mul", "x scale", "v"), *ROUND[rounding], *OVERFLOW[overflow], ("Div", "q scale", "y")]
    constants = [helper.make_node("Constant", [], [name], value_float=value) for name, value in (("half", 0.5), ("one", 1.0))]
    body = constants + [helper.make_node(op, inputs.split(), [output]) for op, inputs, output in steps]
    return helper.make_function(DOMAIN, f"Quantize_{rounding}_{overflow}", ["x", "scale", "low", "high"], ["y"], body, OPSETS[:1])


class _Writer:
    def __init__(self, description: Description) -> None:
        self.description = description
        self.nodes: list[Any] = []
        self.initialisers: list[TensorProto] = []
        self.functions: dict[str, FunctionProto] = {}

    def add(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def initialiser(self, name: str, array: Any) -> str:
        self.initialisers.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def scalar(self, name: str, value: float) -> str:
        self.initialisers.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def number(self, field: Any) -> np.ndarray:
        return np.asarray(self.description.tensors[field["tensor"]] if isinstance(field, dict) else field, np.float64)

    def constant(self, node: dict[str, Any], part: str) -> str:
        field, key = node[part], f"{node['name']}.{part}"
        step = 2.0 ** -self.number(field["f"])
        step = step.reshape(-1).astype(np.float32) if step.size > 1 else np.array(step.reshape(()), np.float32)
        integers = self.initialiser(f"{key}.q", self.description.tensors[field["tensor"]])
        return self.add("DequantizeLinear", [integers, self.initialiser(f"{key}.step", step)], key, axis=0)

    def parameters(self, node: dict[str, Any]) -> list[str]:
        return [self.constant(node, part) for part in ("weight", "bias") if part in node]

    # --- one method for each op of a description; `x` are the names of its inputs
    def quantize(self, n: dict[str, Any], x: list[str]) -> None:
        function = quantiser(n["round"], n["overflow"])
        self.functions.setdefault(function.name, function)
        operands = {"scale": 2.0 ** self.number(n["f"]), "low": self.number(n["min"]), "high": self.number(n["max"])}
        names = [self.initialiser(f"{n['name']}.{k}", np.asarray(v, np.float32)) for k, v in operands.items()]
        self.add(function.name, [x[0], *names], n["name"], domain=DOMAIN)

    def dense(self, n: dict[str, Any], x: list[str]) -> None:
        out = n["name"]
        if len(n["shape"]) == 2:
            self.add("Gemm", [x[0], *self.parameters(n)], out, transB=1)
            return
        weight, *bias = self.parameters(n)  # of the last axis
        turned = self.add("Transpose", [weight], f"{out}.transposed", perm=[1, 0])
        product = self.add("MatMul", [x[0], turned], f"{out}.product" if bias else out)
        if bias:
            self.add("Add", [product, *bias], out)

    def conv(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Conv", [x[0], *self.parameters(n)], n["name"], strides=n["strides"], pads=_pads(n), dilations=n["dilations"], group=n["groups"])

    def batch_norm(self, n: dict[str, Any], x: list[str]) -> None:
        moments = [self.initialiser(f"{n['name']}.{k}", self.description.tensors[n[k]["tensor"]]) for k in ("mean", "variance")]
        self.add("BatchNormalization", [x[0], *self.parameters(n), *moments], n["name"], epsilon=n["eps"])

    def avg_pool(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("AveragePool", x, n["name"], kernel_shape=n["kernel"], strides=n["strides"], pads=_pads(n), count_include_pad=int(n["count_include_pad"]))

    def max_pool(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("MaxPool", x, n["name"], kernel_shape=n["kernel"], strides=n["strides"], pads=_pads(n))

    def leaky_relu(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("LeakyRelu", x, n["name"], alpha=n["alpha"])

    def hard_tanh(self, n: dict[str, Any], x: list[str]) -> None:
        out = n["name"]
        self.add("Clip", [x[0], self.scalar(f"{out}.low", -1), self.scalar(f"{out}.high", 1)], out)

    def gelu(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Gelu", x, n["name"])

    def scale(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Mul", [x[0], self.scalar(f"{n['name']}.factor", 2.0 ** n["shift"])], n["name"])

    def multiply(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Mul", [x[0], self.scalar(f"{n['name']}.factor", n["factor"])], n["name"])

    def reshape(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Reshape", [x[0], self.initialiser(f"{n['name']}.shape", np.array([-1, *n["shape"][1:]]))], n["name"])

    def transpose(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Transpose", x, n["name"], perm=n["order"])

    def concat(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("Concat", x, n["name"], axis=n["axis"])

    def reduce_sum(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("ReduceSum", [x[0], self.initialiser(f"{n['name']}.axes", np.array(n["axes"]))], n["name"], keepdims=1)

    def reduce_max(self, n: dict[str, Any], x: list[str]) -> None:
        self.add("ReduceMax", [x[0], self.initialiser(f"{n['name']}.axes", np.array(n["axes"]))], n["name"], keepdims=1)

    def exp(self, n: dict[str, Any], x: list[str]) -> None:
        out = n["name"]
        self.add("Exp", [self.add("Mul", [x[0], self.scalar(f"{out}.scale", n["scale"])], f"{out}.scaled")], out)

    def reciprocal(self, n: dict[str, Any], x: list[str]) -> None:
        out = n["name"]
        self.add("Div", [self.scalar(f"{out}.one", 1), self.add("Add", [x[0], self.scalar(f"{out}.eps", n["eps"])], f"{out}.shifted")], out)

    def node(self, n: dict[str, Any]) -> None:
        plain = {"relu": "Relu", "tanh": "Tanh", "add": "Add", "sub": "Sub", "mul": "Mul", "matmul": "MatMul"}
        if n["op"] in plain:
            self.add(plain[n["op"]], n["inputs"], n["name"])
        else:
            getattr(self, n["op"])(n, n["inputs"])


_HELPERS = {"add", "initialiser", "scalar", "number", "constant", "parameters", "node"}
OPS = {name for name in vars(_Writer) if not name.startswith("_")} - _HELPERS | {"relu", "tanh", "add", "sub", "mul", "matmul"}


def _pads(n: dict[str, Any]) -> list[int]:
    return [p for side in zip(*n["pads"]) for p in side]


def build(description: Description) -> ModelProto:
    """The file, checked. Raises Unsupported for an op that has no ONNX form."""
    strange = [f"{n['name']}: there is no ONNX form of {n['op']}" for n in description.nodes if n["op"] not in OPS]
    if strange:
        raise Unsupported("cannot export:\n  " + "\n  ".join(strange))
    writer = _Writer(description)
    for n in description.nodes:
        writer.node(n)
    shapes = {v["name"]: v["shape"] for v in (*description.inputs, *description.nodes)}
    info = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shapes[name][1:]])
    graph = helper.make_graph(writer.nodes, "pquant", [info(i["name"]) for i in description.inputs], [info(o) for o in description.outputs], writer.initialisers)
    model = helper.make_model(graph, opset_imports=OPSETS, functions=list(writer.functions.values()), ir_version=10)
    model.producer_name = "inferc-pquant"
    checker.check_model(model)
    return model
