"""Quantised networks and decision trees.

Every value of a quantised network is an integer times a power of two, and the bounds of its sums fit 24 bits: float32 is exact in any
order, so that ONNX Runtime without its optimiser and generated code on integers must agree in every output. Ties of rounding are wanted,
and nothing here is ill conditioned: the builder's nudges are left out.
"""
import numpy as np

import builder
from builder import onnx_file
from common import F, need, not_empty, ranks

OPSET = 21
WIDTHS = (3, 4, 8, 16, 17, 33, 64, 96)
TERMS = 1 << 24                   # the largest sum, in steps


class Exact(builder.Builder):
    def __init__(self, rng):
        super().__init__(rng)
        self.opset = OPSET
        self.grid = {}            # name of a quantised value -> (its step, its largest integer)

    def attempt(self, rule):
        kept = dict(self.grid), set(self.rounded)
        made = super().attempt(rule)
        if not made:
            self.grid, self.rounded = kept
        return made

    @staticmethod
    def nudged(array, generator):
        return array

    @staticmethod
    def check_size(results):
        for r in results:
            if r.size > builder.MOST_ELEMENTS or not np.isfinite(np.asarray(r, np.float64)).all():
                raise builder.Rejected("size")

    @staticmethod
    def factor(results, moved):
        return 1.0

    def quantised(self, accept=lambda v: True):
        return self.pick(lambda v: v.name in self.grid and accept(v))

    def scale(self, step):
        return self.constant(F(step))


def with_ties(b):
    """Values about 0 in quarters of the coarsest step, far ones, and some of any kind."""
    def make(*shape):
        x = np.round(b.rng.standard_normal(shape) * 8) / 8
        return np.where(b.rng.random(shape) < 0.2, b.rng.standard_normal(shape) * 4, x).astype(F)
    return make


def by_onnx(b, x, step):
    """QuantizeLinear and DequantizeLinear."""
    dtype = np.dtype(b.choose([np.int8, np.int8, np.uint8, np.int16]))
    zero = b.choose([0, 3, 128] if dtype == np.uint8 else [0, 0, -5])
    operands = [b.scale(step), b.constant(np.array(zero, dtype))]
    y = b.node("DequantizeLinear", [b.node("QuantizeLinear", [x, *operands]), *operands])
    limits = np.iinfo(dtype)
    b.grid[y.name] = step, max(limits.max - zero, zero - limits.min)


def by_function(b, x, step):
    """A quantiser of PQuantML, as inferc.pquant writes it."""
    rounding, overflow = b.choose(sorted(onnx_file.ROUND)), b.choose(sorted(onnx_file.OVERFLOW))
    high = 2 ** b.integer(3, 7) - 1
    low = b.choose([0, -high]) if overflow == "SAT_SYM" else b.choose([0, -high - 1])
    y = b.node(f"Quantize_{rounding}_{overflow}", [x, b.scale(1 / step), b.scale(low), b.scale(high)], domain=onnx_file.DOMAIN)
    b.grid[y.name] = step, high + 1


def quantise(b, x):
    b.choose([by_onnx, by_function])(b, x, 2.0 ** -b.integer(2, 5))


def weights(b, shape, axis, terms, largest, zeros=0.0):
    """(the node of integer weights, their smallest step); zeros: which part of them."""
    most = min(127, TERMS // (terms * largest))
    need(most >= 1)
    integers = b.rng.integers(-most, most + 1, shape).astype(np.int8)
    integers[b.rng.random(shape) < zeros] = 0
    if b.chance(0.4):
        steps = (2.0 ** -b.rng.integers(5, 8, shape[axis])).astype(F)
        return b.node("DequantizeLinear", [b.constant(integers), b.constant(steps)], axis=axis), float(steps.min())
    step = 2.0 ** -b.integer(5, 7)
    return b.node("DequantizeLinear", [b.constant(integers), b.scale(step)]), step


def behind_layer(b, y, channels, step, axis_behind=0):
    """Bias, activation, quantiser."""
    if b.chance(0.7):
        bias = b.rng.integers(-500, 500, [channels] + [1] * axis_behind) * step
        y = b.node("Add", [y, b.constant(bias.astype(F))])
    if b.chance(0.6):
        y = b.node("Relu", [y])
    elif b.chance(0.3):
        y = b.node("LeakyRelu", [y], alpha=0.125)
    quantise(b, y)


def linear(b):
    x = b.quantised(lambda v: v.rank >= 2 and v.static(-1))
    step, largest = b.grid[x.name]
    k, n = x.dims[-1], b.choose(WIDTHS)
    w, w_step = weights(b, (k, n), 1, k, largest, b.choose([0.0, 0.3]))
    behind_layer(b, b.node("MatMul", [x, w]), n, step * w_step)


def sparse(b):
    """Of one row, most of its weights zero."""
    x = b.quantised(lambda v: v.rank == 2 and v.static(0, 1))
    k, n = b.choose([64, 96, 128]), b.choose([16, 32, 64])
    w, _ = weights(b, (x.dims[1], k), 1, x.dims[1], b.grid[x.name][1])
    y = b.node("MatMul", [b.node("Slice", [x, b.ints(0), b.ints(1), b.ints(0)]), w])
    by_onnx_int8(b, y)
    x = b.values[-1]
    w, w_step = weights(b, (k, n), 1, k, 128, 0.93)
    behind_layer(b, b.node("MatMul", [x, w]), n, b.grid[x.name][0] * w_step)


def pruned(b):
    """Of as many rows as make a block, most weights zero; where their number is a symbol, of those that there are."""
    x = b.quantised(lambda v: v.rank == 2 and v.static(1) and not_empty(v))
    k, n = b.choose([56, 60]), b.choose([45, 48, 60])
    w, _ = weights(b, (x.dims[1], k), 1, x.dims[1], b.grid[x.name][1])
    if isinstance(x.dims[0], int):
        x = b.node("Tile", [x, b.ints(-(-64 // x.dims[0]), 1)])
    by_onnx_int8(b, b.node("MatMul", [x, w]))
    x = b.values[-1]
    w, w_step = weights(b, (k, n), 1, k, 128, 0.97)
    behind_layer(b, b.node("MatMul", [x, w]), n, b.grid[x.name][0] * w_step)


def by_onnx_int8(b, x):
    step = 2.0 ** -4
    operands = [b.scale(step), b.constant(np.int8(0))]
    y = b.node("DequantizeLinear", [b.node("QuantizeLinear", [x, *operands]), *operands])
    b.grid[y.name] = step, 128


def convolution(b):
    x = b.quantised(lambda v: v.rank in (3, 4) and v.static(*range(1, v.rank)) and not_empty(v))
    step, largest = b.grid[x.name]
    c, m = x.dims[1], b.choose([3, 4, 8, 17])
    kernel = [b.integer(1, min(3, d)) for d in x.dims[2:]]
    groups = c if m % c == 0 and c <= 4 and b.chance(0.2) else 1
    w, w_step = weights(b, (m, c // groups, *kernel), 0, c * int(np.prod(kernel)), largest)
    y = b.node("Conv", [x, w], kernel_shape=kernel, strides=[b.integer(1, 2) for _ in kernel], pads=[b.integer(0, k // 2) for k in kernel] * 2, group=groups)
    behind_layer(b, y, m, step * w_step, len(kernel))


def depthwise(b):
    """Of more channels than a panel has, each on its own; the largest of four behind it."""
    x = b.quantised(lambda v: v.rank in (3, 4) and v.static(*range(1, v.rank)) and not_empty(v) and min(v.dims[2:]) >= 3)
    m, ones = b.choose([17, 24, 40]), [1] * (x.rank - 2)
    w, _ = weights(b, (m, x.dims[1], *ones), 0, x.dims[1], b.grid[x.name][1])
    by_onnx_int8(b, b.node("Conv", [x, w], kernel_shape=ones))
    x = b.values[-1]
    kernel = [b.integer(1, min(3, d)) for d in x.dims[2:]]
    w, w_step = weights(b, (m, 1, *kernel), 0, int(np.prod(kernel)), 128)
    y = b.node("Conv", [x, w], kernel_shape=kernel, strides=[b.integer(1, 2) for _ in kernel], pads=[b.integer(0, k // 2) for k in kernel] * 2, group=m)
    behind_layer(b, y, m, b.grid[x.name][0] * w_step, len(kernel))
    largest(b, b.values[-1])


def largest(b, x):
    need(min(x.dims[2:]) >= 2)
    y = b.node("MaxPool", [x], kernel_shape=[2] * (x.rank - 2), strides=[b.integer(1, 2)] * (x.rank - 2))
    b.grid[y.name] = b.grid[x.name]


def pool(b):
    largest(b, b.quantised(lambda v: v.rank in (3, 4) and v.static(*range(2, v.rank))))


def flatten(b):
    x = b.quantised(lambda v: v.rank >= 3 and v.static(*range(1, v.rank)))
    y = b.node("Flatten", [x], axis=1)
    b.grid[y.name] = b.grid[x.name]


def total(b):
    x = b.quantised()
    y = b.quantised(lambda v: v.dims == x.dims)
    quantise(b, b.node(b.choose(["Add", "Sub", "Max"]), [x, y]))


def activation(b):
    x = b.quantised()
    quantise(b, b.node("Mul", [b.node(b.choose(["Relu", "Neg", "Abs"]), [x]), b.scale(2.0 ** b.integer(-2, 1))]))


def function(b):
    """Of a few integers, by operations that every runtime rounds alike: a table. Of more than 12 bits, or as an output, Mul is exact
    where float32 rounds."""
    x = b.quantised(lambda v: b.grid[v.name][1] < 1 << 11)
    factor = b.scale(b.choose([0.3, 1.7, -0.45]))
    made = {"Mul": lambda: b.node("Mul", [x, factor]), "Div": lambda: b.node("Div", [x, factor]), "Sqrt": lambda: b.node("Sqrt", [b.node("Abs", [x])]),
            "Sum": lambda: b.node("Add", [x, b.node("Mul", [x, factor])])}
    before = len(b.values)
    y = made[b.choose(sorted(made))]()
    b.rounded.update(v.name for v in b.values[before:])
    quantise(b, y)


def function_by_column(b):
    """Of columns with steps of their own, by one factor or one for each."""
    x = b.quantised(lambda v: v.rank >= 2 and v.static(-1) and not_empty(v))
    n, high = x.dims[-1], 2 ** b.integer(3, 6) - 1
    rounding, steps = b.choose(sorted(onnx_file.ROUND)), 2.0 ** -b.rng.integers(2, 6, n)
    y = b.node(f"Quantize_{rounding}_SAT", [x, b.constant((1 / steps).astype(F)), b.scale(-high - 1), b.scale(high)], domain=onnx_file.DOMAIN)
    before = len(b.values)
    z = b.node("Mul", [y, b.constant(b.rng.choice([0.3, 1.7, -0.45], n).astype(F)) if b.chance(0.6) else b.scale(0.3)])
    b.rounded.update(v.name for v in b.values[before:])
    quantise(b, b.node("Relu", [z]) if b.chance(0.5) else z)


def joined(b):
    x = b.quantised(lambda v: v.rank == 2)
    y = b.quantised(lambda v: v.rank == 2 and v.dims[0] == x.dims[0])
    z = b.node("Concat", [x, y], axis=1)
    b.grid[z.name] = min(b.grid[x.name][0], b.grid[y.name][0]), 4 * max(b.grid[x.name][1], b.grid[y.name][1])


RULES = [linear] * 6 + [sparse] * 3 + [pruned] * 3 + [convolution] * 4 + [depthwise] * 2 + [function_by_column] * 2 + [pool, flatten, activation, activation, function, function, joined] + [total] * 6


def fill(b, symbol):
    """Inputs, quantised, and layers."""
    b.sizes = 3 if symbol else 1
    b.symbols = {symbol: "N"} if symbol else {}
    batch = symbol or b.choose([1, 1, 3])
    shapes = [[batch, b.choose(WIDTHS)], [batch, b.choose((3, 4, 8)), b.integer(5, 8)] + ([b.integer(5, 8)] if b.chance(0.7) else [])]
    for shape in shapes if b.chance(0.7) else shapes[:1]:
        quantise(b, b.input(shape, with_ties(b)))
    wanted = b.integer(8, 30)
    for _ in range(5 * wanted):
        b.attempt(b.choose(RULES))
        if len(b.nodes) >= wanted:
            break


# --- decision trees

def trees(b):
    """A TreeEnsembleRegressor of complete trees: thresholds in the range of the values, ties rejected by the builder."""
    x = b.pick(lambda v: ranks(2)(v) and v.static(1) and not_empty(v))
    depth, count, targets = b.integer(1, 5), b.integer(1, 12), b.integer(1, 3)
    inner, leaves = 2 ** depth - 1, 2 ** depth
    ids, size = list(range(inner + leaves)), (inner + leaves) * count
    values = np.concatenate([a.ravel() for a in x.arrays])
    thresholds = np.where(np.tile(np.array(ids) < inner, count), b.rng.choice(values, size) + b.rng.uniform(0.01, 0.1, size), 0).astype(F)
    below = [2 * i + 1 if i < inner else 0 for i in ids], [2 * i + 2 if i < inner else 0 for i in ids]
    modes = b.choose(["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
    b.node("TreeEnsembleRegressor", [x], domain="ai.onnx.ml", n_targets=targets, aggregate_function="SUM", post_transform="NONE",
           nodes_treeids=[t for t in range(count) for _ in ids], nodes_nodeids=ids * count, nodes_featureids=b.rng.integers(0, x.dims[1], size).tolist(),
           nodes_values=thresholds.tolist(), nodes_modes=[modes if i < inner else "LEAF" for i in ids] * count,
           nodes_truenodeids=below[0] * count, nodes_falsenodeids=below[1] * count, nodes_missing_value_tracks_true=[0] * size,
           target_treeids=[t for t in range(count) for _ in range(leaves)], target_nodeids=ids[inner:] * count,
           target_ids=b.rng.integers(0, targets, leaves * count).tolist(), target_weights=b.normal(leaves * count, scale=0.5).tolist())
