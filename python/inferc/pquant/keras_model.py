"""PQuantML models in Keras: dense networks, sequential or functional. Others are refused."""
from __future__ import annotations

from typing import Any, Sequence

import keras
import numpy as np
from pquant.core.keras import activations as pqa, layers as pql

from .description import Description

ACTIVATIONS: dict[str, dict[str, Any]] = {"relu": {}, "hard_tanh": {}, "tanh": {"exact": False}}

Shape = Sequence[int | None]


def _array(value: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(value), np.float64)


def _bits(quantizer: Any, transpose: bool = False) -> list[np.ndarray]:
    """k, i, f; those of a kernel [in, out] as [out, in]."""
    values = [np.rint(_array(v)) for v in quantizer.get_quantization_bits()]
    return [v.T for v in values] if transpose else values


class _Exporter(Description):
    def quantizer(self, x: str, q: Any, name: str, shape: Shape) -> str:
        return self.quantize(x, name, shape, _bits(q), q.round_mode, q.overflow, zero_without_bits=bool(q.use_hgq))

    def parameter(self, layer: Any, key: str, value: Any, q: Any, transpose: bool) -> dict[str, Any]:
        values = _array(value)
        return self.constant(f"{layer.name}.{key}", values.T if transpose else values, _bits(q, transpose))

    def layer(self, m: Any, x: str, shape: Shape, in_shape: Shape) -> str:
        if isinstance(m, (keras.layers.Dropout, keras.layers.InputLayer)):
            return x
        if isinstance(m, pql.PQWeightBiasBase) and not m.final_compression_done:
            self.problem(f"{m.name}: call pquant.apply_final_compression(model) first")
        if isinstance(m, pqa.PQActivation) and m.use_multiplier and not m.use_hgq and m.activation_name == "relu":
            x = self.emit("scale", f"{m.name}.multiplier", [x], in_shape, shift=int(np.rint(_array(m.multiplier).item())))
        enabled = getattr(m, "enable_quantization", False)
        if enabled and m.quantize_input:
            x = self.quantizer(x, m.input_quantizer, f"{m.name}.input", in_shape)
        x = self.operation(m, x, shape)
        if enabled and m.quantize_output:
            x = self.quantizer(x, m.output_quantizer, f"{m.name}.output", shape)
        return x

    def operation(self, m: Any, x: str, shape: Shape) -> str:
        if isinstance(m, pql.PQDense):
            parts = {"weight": self.parameter(m, "weight", m._kernel, m.weight_quantizer, True)}
            if m.use_bias:
                parts["bias"] = self.parameter(m, "bias", m._bias, m.bias_quantizer, False)
            return self.emit("dense", m.name, [x], shape, **parts)
        if isinstance(m, pqa.PQActivation) and m.activation_name in ACTIVATIONS:
            return self.emit(m.activation_name, m.name, [x], shape, **ACTIVATIONS[m.activation_name])
        if isinstance(m, keras.layers.ReLU):
            return self.emit("relu", m.name, [x], shape)
        if isinstance(m, (keras.layers.Flatten, keras.layers.Reshape)):
            return self.emit("reshape", m.name, [x], shape)
        self.problem(f"{m.name}: layer {type(m).__name__}")
        return x


def describe(model: Any) -> Description:
    """See inferc.pquant.describe."""
    exporter = _Exporter()
    names = {t.name: (t.name, t.shape) for t in model.inputs}
    for layer in model.layers:
        for node in layer._inbound_nodes:
            operands = [t for t in node.input_tensors if t.name in names]
            if not operands:
                continue
            (out,) = node.output_tensors
            if len(operands) > 1:
                exporter.problem(f"{layer.name}: {type(layer).__name__} of {len(operands)} inputs")
            x, in_shape = names[operands[0].name]
            names[out.name] = exporter.layer(layer, x, out.shape, in_shape), out.shape
    exporter.inputs = [{"name": t.name, "shape": [None, *map(int, t.shape[1:])]} for t in model.inputs]
    exporter.outputs = [names[t.name][0] for t in model.outputs]
    return exporter.finish()
