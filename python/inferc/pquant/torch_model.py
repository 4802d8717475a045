"""PQuantML models in PyTorch: the torch.fx graph with PQuantML layers as leaves."""
from __future__ import annotations

import operator
import os
from typing import Any, Sequence

os.environ.setdefault("KERAS_BACKEND", "torch")  # read when PQuantML imports keras
import numpy as np
import torch
from pquant.core.torch import activations as pqa, layers as pql
from pquant.core.torch.quantizer import Quantizer
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from .description import Description

DENSE, CONV = pql.PQDense, (pql.PQConv1d, pql.PQConv2d)
NORM, POOL = (pql.PQBatchNorm1d, pql.PQBatchNorm2d), (pql.PQAvgPool1d, pql.PQAvgPool2d)
LEAVES = (DENSE, *CONV, *NORM, *POOL, pqa.PQActivation, pqa.PQSoftmax, Quantizer)
FUNCTIONS = {operator.add: "add", torch.add: "add", operator.sub: "sub", torch.sub: "sub", operator.mul: "mul", torch.mul: "mul",
             operator.matmul: "matmul", torch.matmul: "matmul", torch.relu: "relu", nn.functional.relu: "relu"}
ACTIVATIONS: dict[str, dict[str, Any]] = {"relu": {}, "leaky_relu": {"alpha": 13 / 128}, "hard_tanh": {}, "tanh": {"exact": False}, "gelu": {"exact": False}}

Shape = Sequence[int]


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module: nn.Module, name: str) -> bool:
        return isinstance(module, LEAVES) or super().is_leaf_module(module, name)


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().double().numpy()


def _spread(x: Any, n: int) -> list[Any]:
    return list(x) if isinstance(x, (tuple, list)) else [x] * n


def _bits(quantizer: Quantizer) -> list[np.ndarray]:
    return [np.rint(_array(v)) for v in quantizer.get_quantization_bits()]


class _Exporter(Description):
    def quantizer(self, x: str, q: Quantizer, name: str, shape: Shape) -> str:
        return self.quantize(x, name, shape, _bits(q), q.round_mode, q.overflow, zero_without_bits=bool(q.use_hgq))

    def parameters(self, layer: nn.Module, name: str) -> dict[str, Any]:
        pairs = (("weight", layer._weight, layer.weight_quantizer), ("bias", layer._bias, layer.bias_quantizer))
        return {n: self.constant(f"{name}.{n}", _array(v), _bits(q)) for n, v, q in pairs if v is not None}

    def layer(self, m: nn.Module, name: str, x: str, shape: Shape, in_shape: Shape) -> str:
        if hasattr(m, "final_compression_done") and not bool(m.final_compression_done):
            self.problem(f"{name}: call pquant.apply_final_compression(model) first")
        if isinstance(m, Quantizer):
            return self.quantizer(x, m, name, shape)
        enabled = getattr(m, "enable_quantization", True)
        if isinstance(m, pqa.PQActivation) and m.use_multiplier and not m.use_hgq and m.activation_name == "relu":
            x = self.emit("scale", f"{name}.multiplier", [x], in_shape, shift=int(np.rint(m.multiplier.item())))
        if enabled and getattr(m, "quantize_input", False):
            x = self.quantizer(x, m.input_quantizer, f"{name}.input", in_shape)
        x = self.operation(m, name, x, shape, len(in_shape) - 2)
        if enabled and getattr(m, "quantize_output", False):
            x = self.quantizer(x, m.output_quantizer, f"{name}.output", shape)
        return x

    def operation(self, m: nn.Module, name: str, x: str, shape: Shape, rank: int) -> str:
        if isinstance(m, DENSE):
            return self.emit("dense", name, [x], shape, **self.parameters(m, name))
        if isinstance(m, CONV):
            return self.conv(m, name, x, shape)
        if isinstance(m, NORM):
            moments = {k: self.store(f"{name}.{k}", _array(v).astype(np.float32)) for k, v in (("mean", m.running_mean), ("variance", m.running_var))}
            return self.emit("batch_norm", name, [x], shape, exact=False, eps=m.eps, **self.parameters(m, name), **moments)
        if isinstance(m, (*POOL, nn.AvgPool1d, nn.AvgPool2d, nn.MaxPool1d, nn.MaxPool2d)):
            return self.pool(m, name, x, shape, rank)
        if isinstance(m, pqa.PQActivation) and m.activation_name in ACTIVATIONS:
            return self.emit(m.activation_name, name, [x], shape, **ACTIVATIONS[m.activation_name])
        if isinstance(m, pqa.PQSoftmax):
            return self.softmax(m, name, x, shape)
        if isinstance(m, nn.ReLU):
            return self.emit("relu", name, [x], shape)
        if isinstance(m, nn.Flatten):
            return self.emit("reshape", name, [x], shape)
        if not isinstance(m, (nn.Dropout, nn.Identity)):
            self.problem(f"{name}: layer {type(m).__name__} {getattr(m, 'activation_name', '')}".rstrip())
        return x

    def conv(self, m: nn.Module, name: str, x: str, shape: Shape) -> str:
        if m.padding_mode != "zeros":
            self.problem(f"{name}: padding mode {m.padding_mode}")
        if isinstance(m.padding, str):  # torch puts the odd cell of "same" at the end
            both = [d * (k - 1) if m.padding == "same" else 0 for d, k in zip(m.dilation, m.kernel_size)]
            pads = [[b // 2, b - b // 2] for b in both]
        else:
            pads = [[p, p] for p in m.padding]
        return self.emit("conv", name, [x], shape, **self.parameters(m, name), strides=list(m.stride), pads=pads,
                         dilations=list(m.dilation), groups=m.groups)

    def pool(self, m: nn.Module, name: str, x: str, shape: Shape, rank: int) -> str:
        if m.ceil_mode or getattr(m, "divisor_override", None) or set(_spread(getattr(m, "dilation", 1), rank)) != {1}:
            self.problem(f"{name}: pooling with ceil_mode, dilation or divisor_override")
        largest = isinstance(m, (nn.MaxPool1d, nn.MaxPool2d))
        extra = {} if largest else {"count_include_pad": bool(m.count_include_pad)}
        return self.emit("max_pool" if largest else "avg_pool", name, [x], shape, kernel=_spread(m.kernel_size, rank),
                         strides=_spread(m.stride, rank), pads=[[p, p] for p in _spread(m.padding, rank)], **extra)

    def softmax(self, m: nn.Module, name: str, x: str, shape: Shape) -> str:
        """exp and 1/(x+eps) are float32 functions of few-bit values: tables of at most 2^bits entries."""
        one = [1 if a in m.axes else d for a, d in enumerate(shape)]
        if m.stable:
            top = self.emit("reduce_max", f"{name}.max", [x], one, axes=list(m.axes))
            x = self.emit("sub", f"{name}.distance", [top, x], shape)
        e = self.table(m.exp_table, f"{name}.exp", x, shape, "exp", scale=-m.input_scaler if m.stable else m.input_scaler)
        total = self.emit("reduce_sum", f"{name}.sum", [e], one, axes=list(m.axes))
        inverse = self.table(m.inv_table, f"{name}.inverse", total, one, "reciprocal", eps=m.epsilon)
        return self.emit("mul", name, [e, inverse], shape)

    def table(self, t: nn.Module, name: str, x: str, shape: Shape, op: str, **attributes: Any) -> str:
        if t.quantize_input and t.enable_quantization:
            x = self.quantizer(x, t.input_quantizer, f"{name}.input", shape)
        x = self.emit(op, f"{name}.function", [x], shape, exact=False, **attributes)
        return self.quantizer(x, t.output_quantizer, f"{name}.output", shape) if t.quantize_output and t.enable_quantization else x

    def call(self, node: fx.Node, operands: list[str], shape: Shape, in_shape: Shape) -> str:
        """A function or method call of the traced graph."""
        target, args = node.target, node.args[1:]
        if target in (operator.mul, torch.mul) and len(operands) == 1 and isinstance(args[0], (int, float)):
            return self.times(node.name, operands, shape, args[0])
        if target == "contiguous":
            return operands[0]
        if target in FUNCTIONS and len(operands) == len(node.args):
            return self.emit(FUNCTIONS[target], node.name, operands, shape)
        if target in (torch.cat, torch.concat):
            return self.emit("concat", node.name, operands, shape, axis=node.kwargs.get("dim", args[0] if args else 0) % len(shape))
        if target in (torch.flatten, torch.reshape, "flatten", "reshape", "view") and shape[0] == in_shape[0]:
            return self.emit("reshape", node.name, operands, shape)
        if target in ("permute", torch.permute):
            order = [a % len(shape) for a in (args[0] if isinstance(args[0], (tuple, list)) else args)]
            return self.emit("transpose", node.name, operands, shape, order=order)
        if target in ("transpose", torch.transpose):
            order = list(range(len(shape)))
            order[args[0]], order[args[1]] = order[args[1]], order[args[0]]
            return self.emit("transpose", node.name, operands, shape, order=order)
        self.problem(f"{node.name}: {getattr(target, '__name__', target)}")
        return node.name

    def times(self, name: str, operands: list[str], shape: Shape, factor: float) -> str:
        shift = np.log2(factor) if factor > 0 else 0.5
        if shift == int(shift):
            return self.emit("scale", name, operands, shape, shift=int(shift))
        return self.emit("multiply", name, operands, shape, exact=False, factor=float(np.float32(factor)))

    def graph(self, model: nn.Module, example: tuple[Any, ...]) -> None:
        traced, names = fx.GraphModule(model, _Tracer().trace(model)), {}
        traced.graph.eliminate_dead_code()  # e.g. averaged attention weights that nobody reads
        ShapeProp(traced).propagate(*example)
        shape_of = lambda node: list(getattr(node.meta.get("tensor_meta"), "shape", ()))
        for node in traced.graph.nodes:
            operands, shape = [names[a] for a in node.all_input_nodes if a in names], shape_of(node)
            in_shape = shape_of(node.all_input_nodes[0]) if node.all_input_nodes else []
            if node.op == "placeholder":
                names[node] = node.name
                self.inputs.append({"name": node.name, "shape": [None, *map(int, shape[1:])]})
            elif node.op == "output":
                self.outputs = operands
            elif node.op == "call_module":
                names[node] = self.layer(model.get_submodule(node.target), node.target, operands[0], shape, in_shape)
            elif node.op == "get_attr":
                self.problem(f"{node.target}: a tensor of the model that belongs to no layer")
                names[node] = node.name
            elif shape:  # else it computes sizes, which the shapes already say
                names[node] = self.call(node, operands, shape, in_shape)


def describe(model: nn.Module, example: tuple[Any, ...]) -> Description:
    """See inferc.pquant.describe."""
    exporter = _Exporter()
    with torch.no_grad():
        exporter.graph(model.eval(), example)
    return exporter.finish()
