"""The same network written otherwise: in float64, and with constants that the caller gives."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Operators of which every operand may be an input, and their results say nothing on its values.
ANY_OPERAND = {"MatMul", "Gemm", "Conv", "Add", "Sub", "Mul", "Div"}


# Steps of these operators, in their operand.
STEPS = {"Floor": lambda x: x == np.floor(x), "Ceil": lambda x: x == np.floor(x), "Round": lambda x: 2 * x == np.floor(2 * x)}


def is_on_a_step(network, node):
    """A value that float32 rounds to the step, as tanh of 9 to 1, lies beside it in float64."""
    value = network.values.get(node.input[0]) if node.op_type in STEPS else None
    return value is not None and any(STEPS[node.op_type](a[a != 0]).any() for a in map(np.asarray, value.arrays))


def has_float64(network):
    """TreeEnsembleRegressor gives float32 whatever it takes."""
    return not any(node.op_type == "TreeEnsembleRegressor" or is_on_a_step(network, node) for node in network.nodes)


def in_float64(model):
    """float32 becomes float64; scales of Resize stay what ONNX wants."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    widen_graph(out.graph)
    return out


def widen_graph(graph):
    for v in [*graph.input, *graph.output, *graph.value_info]:
        if v.type.tensor_type.elem_type == TensorProto.FLOAT:
            v.type.tensor_type.elem_type = TensorProto.DOUBLE
    kept = {n.input[2] for n in graph.node if n.op_type == "Resize" and len(n.input) > 2}
    for t in graph.initializer:
        if t.name not in kept:
            widen_tensor(t)
    for node in graph.node:
        for a in node.attribute:
            if a.type == onnx.AttributeProto.GRAPH:
                widen_graph(a.g)
            elif a.type == onnx.AttributeProto.TENSOR and not kept & set(node.output):
                widen_tensor(a.t)
            elif node.op_type == "Cast" and a.name == "to" and a.i == TensorProto.FLOAT:
                a.i = TensorProto.DOUBLE


def widen_tensor(t):
    if t.data_type == TensorProto.FLOAT:
        t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(t).astype("float64"), t.name))


def given_constants(network):
    """Names of the constants that may as well be inputs."""
    users = {}
    for node in network.nodes:
        for name in node.input:
            users.setdefault(name, set()).add(node.op_type)
    return [n for n, a in network.constants.items() if a.dtype == "float32" and a.size > 1 and users.get(n, {""}) <= ANY_OPERAND]


def with_given_constants(network, names):
    model = network.model(frozenset())
    kept = [t for t in model.graph.initializer if t.name not in names]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    model.graph.input.extend(helper.make_tensor_value_info(n, TensorProto.FLOAT, network.constants[n].shape) for n in names)
    return model
