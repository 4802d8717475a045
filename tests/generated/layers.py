"""Rules that add layers: products, reductions, normalisations native and spelt out, convolutions, recurrent layers."""
import math

import numpy as np
from onnx import TensorProto

from common import F, need, not_empty, pruned_weight, ranks, reduce_node, swapped, weight


# --- products

def linear(b):
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1))
    k, n = x.dims[-1], b.choose([1, 3, 4, 8, 16, 17, 33, 64])
    batched = x.rank == 3 and b.chance(0.15) and x.static(0)
    y = b.node("MatMul", [x, weight(b, *([x.dims[0]] if batched else []), k, n, fan=k)])
    if b.chance(0.7):
        y = b.node("Add", swapped(b, [y, b.constant(b.normal(n))]))
    if b.chance(0.6):
        b.node(b.choose(["Relu", "Tanh", "Sigmoid", "Elu"]), [y])


def pruned(b):
    """A layer whose zero weights are left out, of rows that may be many."""
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1) and not v.static(*range(v.rank - 1)))
    k, n = b.choose([64, 96]), b.choose([64, 80])
    y = b.node("Relu", [b.node("MatMul", [x, weight(b, x.dims[-1], k, fan=x.dims[-1])])])
    y = b.node("MatMul", [y, pruned_weight(b, k, n)])
    if b.chance(0.5):
        b.node("Add", [y, b.constant(b.normal(n))])


def linear_affine(b):
    """A layer between constants that may move into its weights."""
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1))
    k, n = x.dims[-1], b.choose([3, 8, 16])
    for op in ("Mul", "Add"):
        if b.chance(0.5):
            x = b.node(op, swapped(b, [x, b.constant(b.normal(k))]))
        elif b.chance(0.5):
            x = b.node("Sub", [x, b.constant(b.normal(k))]) if op == "Add" else b.node("Div", [x, b.constant(b.rng.uniform(0.5, 1.5, k).astype(F))])
    y = b.node("MatMul", [x, weight(b, k, n, fan=k)])
    for op in ("Add", "Mul", "Sub", "Div"):
        if b.chance(0.5):
            y = b.node(op, [y, b.constant(b.rng.uniform(0.5, 1.5, (n,) if b.chance(0.7) else ()).astype(F))])


def gemm(b):
    x = b.pick(ranks(2))
    trans_a = b.chance(0.2)
    k = x.dims[0 if trans_a else 1]
    need(isinstance(k, int))
    n, trans_b = b.choose([1, 2, 5, 8, 16, 40]), b.chance(0.6)
    bias = b.choose([[], [b.constant(b.normal(n))], [b.constant(b.normal(1, n))], [b.constant(b.normal(1))]])
    attributes = b.choose([{}, {}, {"alpha": 0.75}, {"beta": 1.25}, {"alpha": 0.75, "beta": 1.25}])
    b.node("Gemm", [x, weight(b, *((n, k) if trans_b else (k, n)), fan=k), *bias], transA=int(trans_a), transB=int(trans_b), **attributes)


def edge_convolution(b):
    """EdgeConv of a batch of one: each row beside its differences to neighbours, and a layer over both."""
    x = b.pick(lambda v: v.dtype == F and v.rank == 2 and v.static(0, 1) and v.dims[0] > 1)
    if x.dims[1] < 16:                        # too narrow to run once per row
        x = b.node("MatMul", [x, weight(b, x.dims[1], 32, fan=x.dims[1])])
    n, c = x.dims
    k, columns = b.integer(3, 7), b.choose([16, 32])
    own = b.node("Reshape", [x, b.ints(n, 1, c, 1)])
    rows = b.node("Reshape", [b.node("Gather", [x, b.constant(b.indices(n, n * k))]), b.ints(n, k, c, 1)])
    both = b.node("Concat", [b.node("Expand", [own, b.ints(n, k, c, 1)]), b.node("Sub", [rows, own])], axis=2)
    y = b.node("MatMul", [b.node("Reshape", [both, b.ints(1, n, k, 2 * c)]), weight(b, 2 * c, columns, fan=2 * c)])
    b.node("Relu", [b.node("Add", [y, b.constant(b.normal(columns))])])


def heads_by_type(b):
    """A layer for each type of a row, of which its own counts: times masks, chosen, or parts of one product."""
    x = b.pick(lambda v: v.dtype == F and v.rank in (2, 3) and v.static(-1) and not v.static(*range(v.rank - 1)) and v.gain < 4 and
               all(isinstance(d, int) or d in b.symbols for d in v.dims[:-1]))
    rows = [math.prod(a.shape[:-1]) for a in x.arrays]
    types, columns = b.integer(2, max(2, min(4, *(n or 4 for n in rows)))), b.choose([1, 4, 15])
    need(all(n == 0 or n >= types for n in rows))           # each has a row, and is not 0 in all
    kind = b.input([*x.dims[:-1], 1], lambda *s: b.rng.permutation(np.arange(math.prod(s)) % (types + 1) if math.prod(s) > types else np.arange(math.prod(s)) + 1).reshape(s))
    if x.dims[-1] < 32:
        x = b.node("MatMul", [x, weight(b, x.dims[-1], 32, fan=x.dims[-1])])
    k = x.dims[-1]
    one_hot = b.node("Equal", [kind, b.ints(*range(1, types + 1))])
    if types > 2 and b.chance(0.5):
        columns = 15
        each = b.node("Add", [b.node("MatMul", [x, weight(b, k, types * columns, fan=k)]), b.constant(b.normal(types * columns))])
        each = b.node("Reshape", [each, b.ints(*[0] * (x.rank - 1), types, columns)])
        selected_sum(b, each, one_hot, x.rank - 1)
        return
    two_layers, heads = b.chance(0.4), []
    for _ in range(types):
        y = b.node("Relu", [b.node("Add", [b.node("MatMul", [x, weight(b, k, 32, fan=k)]), b.constant(b.normal(32))])])
        if two_layers:
            y = b.node("MatMul", [y, weight(b, 32, columns, fan=32)])
        heads.append(y)
    if b.chance(0.3):
        axis = x.rank - b.integer(0, 1)
        selected_sum(b, b.node("Concat", [b.node("Unsqueeze", [y, b.ints(axis)]) for y in heads], axis=axis), one_hot, axis)
        return
    total = None
    for t, y in enumerate(heads):
        mask = b.node("Slice", [one_hot, b.ints(t), b.ints(t + 1), b.ints(-1)])
        chosen = b.chance(0.3)
        y = b.node("Where", [mask, y, b.constant(F(0))]) if chosen else b.node("Mul", swapped(b, [y, b.node("Cast", [mask], to=TensorProto.FLOAT)]))
        total = b.node("Add", swapped(b, [total, y])) if total else y


def selected_sum(b, each, one_hot, axis):
    """Over the axis of `each` on which the types stand: one of the last two."""
    mask = b.node("Unsqueeze", [b.node("Cast", [one_hot], to=TensorProto.FLOAT), b.ints(2 * each.rank - 3 - axis)])
    b.node("ReduceSum", [b.node("Mul", swapped(b, [each, mask])), b.ints(axis)], keepdims=int(b.chance(0.5)))


def gram(b):
    """x y^T of two values, scaled."""
    x = b.pick(ranks(2, 3, 4))
    y = b.pick(lambda v: v.dtype == F and v.rank == x.rank and v.dims[-1] == x.dims[-1] and v.dims[:-2] == x.dims[:-2])
    turned = b.node("Transpose", [y], perm=[*range(x.rank - 2), x.rank - 1, x.rank - 2])
    z = b.node("MatMul", [x, turned])
    b.node("Mul", [z, b.constant(F(0.3))])


def attention(b, masked=None):
    """Self-attention as exporters write it: scale on the scores or on q; with a mask or without, by chance unless told."""
    x = b.pick(lambda v: v.dtype == F and v.rank == 3 and v.static(-1))
    d, heads = x.dims[-1], b.choose([1, 2])
    need(d % heads == 0 and d >= 4)
    split = lambda y: b.node("Transpose", [b.node("Reshape", [y, b.ints(0, 0, heads, d // heads)])], perm=[0, 2, 1, 3])
    q, k, v = (split(b.node("MatMul", [x, weight(b, d, d, fan=d)])) for _ in range(3))
    scale = b.constant(F(1 / math.sqrt(d // heads)))
    if on_q := b.chance(0.5):
        q = b.node("Mul", [q, scale])
    scores = b.node("MatMul", [q, b.node("Transpose", [k], perm=[0, 1, 3, 2])])
    if not on_q:
        scores = b.node("Mul", [scores, scale])
    if x.static(1) and (b.chance(0.5) if masked is None else masked):
        scores = b.node("Add", [scores, b.constant(b.rng.uniform(-4, 0, b.choose([(1, 1, x.dims[1], x.dims[1]), (x.dims[1],)])).astype(F))])
    y = b.node("MatMul", [b.node("Softmax", [scores], axis=-1), v])
    b.node("Reshape", [b.node("Transpose", [y], perm=[0, 2, 1, 3]), b.ints(0, 0, d)])


EINSUMS = [("bij,bjk->bik", 3, 3), ("bij,bkj->bik", 3, 3), ("bi,bi->b", 2, 2), ("bi,bj->bij", 2, 2), ("bij->bji", 3, None), ("bij->bi", 3, None), ("bij,bij->b", 3, 3), ("ij,ij->ij", 2, 2)]


def einsum(b):
    equation, left, right = b.choose(EINSUMS)
    x = b.pick(ranks(left))
    need(not_empty(x))
    if right is None:
        b.node("Einsum", [x], equation=equation)
        return
    letters = dict(zip(equation.split(",")[0], x.dims))
    wanted = equation.split("->")[0].split(",")[1]
    y = b.pick(lambda v: v.dtype == F and v.rank == right and all(letters.get(c, d) == d for c, d in zip(wanted, v.dims)))
    b.node("Einsum", [x, y], equation=equation)


# --- along axes

REDUCTIONS = ["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd"]


def reduction(b):
    x = b.pick(ranks(1, 2, 3, 4))
    count = b.integer(1, min(2, x.rank))
    axes = sorted(b.rng.choice(x.rank, count, replace=False).tolist())
    axes = [a - x.rank if b.chance(0.5) else a for a in axes]
    op = b.choose([*REDUCTIONS, "ReduceProd", "ReduceProd", "ReduceSumSquare", "ReduceLogSum"])
    if op == "ReduceLogSum":
        x = b.node("Add", [b.node("Abs", [x]), b.constant(F(0.5))])
    reduce_node(b, op, x, axes, int(b.chance(0.5)))


def integer_reduction(b):
    x = b.pick(lambda v: v.dtype in (np.int64, np.int32) and v.rank > 0)
    reduce_node(b, b.choose(["ReduceSum", "ReduceMax", "ReduceMin"]), x, [b.axis(x)[1]], int(b.chance(0.5)))


def arg_extreme(b):
    x = b.pick(ranks(1, 2, 3, 4))
    b.node(b.choose(["ArgMax", "ArgMin"]), [x], axis=b.axis(x)[1], keepdims=int(b.chance(0.5)))


def softmax(b):
    x = b.pick(ranks(1, 2, 3, 4))
    b.node(b.choose(["Softmax", "LogSoftmax"]), [x], axis=b.axis(x)[1])


def cumulative_sum(b):
    x = b.pick(lambda v: v.dtype in (F, np.int64) and v.rank > 0)
    b.node("CumSum", [x, b.constant(np.int64(b.axis(x)[1]))], exclusive=int(b.chance(0.3)), reverse=int(b.chance(0.3)))


def top_k(b):
    x = b.pick(ranks(1, 2, 3, 4))
    axis, written = b.axis(x, lambda d: isinstance(d, int) and d >= 2)
    b.node("TopK", [x, b.ints(b.integer(1, x.dims[axis]))], 2, axis=written, largest=int(b.chance(0.7)))


# --- normalisations and activations, native and spelt out

def layer_norm(b):
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1) and v.dims[-1] >= 4)
    need(b.opset >= 17)
    d = x.dims[-1]
    b.node("LayerNormalization", [x, b.constant(1 + b.normal(d, scale=0.3)), *([b.constant(b.normal(d))] if b.chance(0.7) else [])], axis=b.choose([-1, x.rank - 1]), epsilon=1e-5)


def layer_norm_spelt(b):
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1) and v.dims[-1] >= 4)
    d = x.dims[-1]
    centred = b.node("Sub", [x, reduce_node(b, "ReduceMean", x, [-1], 1)])
    square = b.node("Pow", [centred, b.constant(F(2))]) if b.chance(0.5) else b.node("Mul", [centred, centred])
    deviation = b.node("Sqrt", [b.node("Add", [reduce_node(b, "ReduceMean", square, [-1], 1), b.constant(F(1e-3))])])
    y = b.node("Div", [centred, deviation])
    if b.chance(0.8):
        y = b.node("Mul", swapped(b, [y, b.constant(1 + b.normal(d, scale=0.3))]))
        b.node("Add", swapped(b, [y, b.constant(b.normal(d))]))


def rms_norm_spelt(b):
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(-1) and v.dims[-1] >= 4)
    mean = reduce_node(b, "ReduceMean", b.node("Mul", [x, x]), [-1], 1)
    root = b.node("Sqrt", [b.node("Add", [mean, b.constant(F(1e-3))])])
    y = b.node("Mul", [x, b.node("Reciprocal", [root])]) if b.chance(0.5) else b.node("Div", [x, root])
    b.node("Mul", [y, b.constant(1 + b.normal(x.dims[-1], scale=0.3))])


def group_norm_spelt(b):
    """As PyTorch's exporter writes GroupNorm."""
    x = b.pick(lambda v: v.dtype == F and v.rank in (3, 4) and v.static(*range(1, v.rank)) and v.dims[1] % 2 == 0)
    c, ones = x.dims[1], [1] * (x.rank - 2)
    y = b.node("Reshape", [x, b.ints(0, 2, -1)])
    y = b.node("InstanceNormalization", [y, b.constant(np.ones(2, F)), b.constant(np.zeros(2, F))], epsilon=1e-3)
    y = b.node("Reshape", [y, b.ints(*([-1] if not x.static(0) else [x.dims[0]]), *x.dims[1:])])
    y = b.node("Mul", [y, b.constant(1 + b.normal(c, *ones, scale=0.3))])
    b.node("Add", [y, b.constant(b.normal(c, *ones))])


def gelu_spelt(b):
    x = b.pick(ranks(2, 3, 4))
    if b.chance(0.6):
        inner = b.node("Erf", [b.node("Div", [x, b.constant(F(math.sqrt(2)))])])
    else:
        cube = b.node("Mul", [b.node("Pow", [x, b.constant(F(3))]), b.constant(F(0.044715))])
        inner = b.node("Tanh", [b.node("Mul", [b.node("Add", [x, cube]), b.constant(F(math.sqrt(2 / math.pi)))])])
    one = b.node("Add", swapped(b, [inner, b.constant(F(1))]))
    if b.chance(0.5):
        b.node("Mul", [b.node("Mul", [x, one]), b.constant(F(0.5))])
    else:
        b.node("Mul", [b.node("Mul", [x, b.constant(F(0.5))]), one])


def gelu(b):
    need(b.opset >= 20)
    b.node("Gelu", [b.pick(ranks(2, 3, 4))], approximate=b.choose(["none", "tanh"]))


def silu_spelt(b):
    x = b.pick(ranks(2, 3, 4))
    b.node("Mul", swapped(b, [x, b.node("Sigmoid", [x])]))


def softmax_spelt(b):
    x = b.pick(ranks(2, 3))
    axis = b.axis(x)[1]
    e = b.node("Exp", [b.node("Sub", [x, reduce_node(b, "ReduceMax", x, [axis], 1)])])
    b.node("Div", [e, reduce_node(b, "ReduceSum", e, [axis], 1)])


def batch_norm(b):
    x = b.pick(lambda v: v.dtype == F and v.rank >= 2 and v.static(1))
    c = x.dims[1]
    b.node("BatchNormalization", [x, b.constant(1 + b.normal(c, scale=0.2)), b.constant(b.normal(c)), b.constant(b.normal(c)), b.constant(b.rng.uniform(0.5, 2, c).astype(F))], epsilon=1e-4)


def convolution_batch_norm(b):
    convolution(b)
    x = b.values[-1]
    c = x.dims[1]
    y = b.node("BatchNormalization", [x, *(b.constant(b.rng.uniform(0.5, 1.5, c).astype(F)) for _ in range(4))])
    if b.chance(0.5):
        b.node("Relu", [y])


def instance_norm(b):
    # Of one element, which is its mean, ONNX Runtime gives the bias with the rounding of larger numbers.
    x = b.pick(lambda v: v.dtype == F and v.rank >= 3 and v.static(1) and any(isinstance(d, int) and d > 1 for d in v.dims[2:]))
    c = x.dims[1]
    b.node("InstanceNormalization", [x, b.constant(1 + b.normal(c, scale=0.2)), b.constant(b.normal(c))], epsilon=1e-3)


# --- images and sequences

def window(b, x, largest):
    spatial = [min(a.shape[k] for a in x.arrays) for k in range(2, x.rank)]
    kernel = [b.integer(1, min(largest, d)) for d in spatial]
    return kernel, [b.integer(1, 2) for _ in kernel], [b.integer(0, k // 2) for k in kernel] * 2


def convolution(b):
    x = b.pick(lambda v: v.dtype == F and v.rank in (3, 4) and v.static(1))
    c, m = x.dims[1], b.choose([1, 2, 4, 8, 20])
    groups = b.choose([1, 1, 1, c]) if m % c == 0 else 1
    kernel, strides, pads = window(b, x, 3)
    attributes = {"pads": pads} if b.chance(0.7) else {"auto_pad": b.choose(["SAME_UPPER", "SAME_LOWER", "VALID"])}
    if b.chance(0.2) and "pads" in attributes:
        kernel = [min(k, 2) for k in kernel]
        attributes["dilations"] = [2] * len(kernel)
    fan = c // groups * math.prod(kernel)
    y = b.node("Conv", [x, weight(b, m, c // groups, *kernel, fan=fan), *([b.constant(b.normal(m))] if b.chance(0.6) else [])],
               kernel_shape=kernel, strides=strides, group=groups, **attributes)
    if b.chance(0.4):
        b.node(b.choose(["Relu", "Sigmoid"]), [y])


def transposed_convolution(b):
    x = b.pick(lambda v: v.dtype == F and v.rank in (3, 4) and v.static(1))
    c, m = x.dims[1], b.choose([1, 3, 4])
    kernel, strides, pads = window(b, x, 3)
    b.node("ConvTranspose", [x, weight(b, c, m, *kernel, fan=c * math.prod(kernel))], kernel_shape=kernel, strides=strides, pads=pads)


def pooling(b):
    x = b.pick(ranks(3, 4))
    if b.chance(0.25):
        b.node(b.choose(["GlobalAveragePool", "GlobalMaxPool"]), [x])
        return
    kernel, strides, pads = window(b, x, 3)
    if b.chance(0.5):
        b.node("MaxPool", [x], kernel_shape=kernel, strides=strides, pads=pads, ceil_mode=int(b.chance(0.2)))
    else:
        b.node("AveragePool", [x], kernel_shape=kernel, strides=strides, pads=pads, count_include_pad=int(b.chance(0.5)))


def resize(b):
    x = b.pick(ranks(3, 4))
    scales = [1.0, 1.0] + [b.choose([1.0, 2.0, 3.0]) for _ in x.dims[2:]]
    b.node("Resize", [x, None, b.constant(np.array(scales, F))], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor")


def depth_to_space(b):
    x = b.pick(lambda v: v.dtype == F and v.rank == 4 and v.static(1) and v.dims[1] % 4 == 0)
    b.node("DepthToSpace", [x], blocksize=2, mode=b.choose(["DCR", "CRD"]))


def recurrent(b):
    """[time, batch, features]"""
    x = b.pick(lambda v: v.dtype == F and v.rank == 3 and v.static(2) and max(a.shape[0] for a in v.arrays) <= 9 and not_empty(v))
    op, gates = b.choose([("LSTM", 4), ("GRU", 3), ("RNN", 1)])
    direction, h, k = b.choose(["forward", "reverse", "bidirectional"]), b.choose([3, 4, 8]), x.dims[2]
    d = 2 if direction == "bidirectional" else 1
    operands = [x, weight(b, d, gates * h, k, fan=k), weight(b, d, gates * h, h, fan=h)]
    if b.chance(0.7):
        operands.append(b.constant(b.normal(d, 2 * gates * h, scale=0.3)))
    outputs = b.node(op, operands, 2, direction=direction, hidden_size=h, **({"linear_before_reset": int(b.chance(0.5))} if op == "GRU" else {}))
    if b.chance(0.5):
        b.node("Squeeze" if d == 1 else "Identity", [outputs[0], b.ints(1)] if d == 1 else [outputs[0]])
