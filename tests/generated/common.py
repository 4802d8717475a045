"""What several rules share. `b` is the Builder."""
import math

import numpy as np

from builder import Rejected

F = np.float32


def need(condition):
    if not condition:
        raise Rejected("does not apply")


def not_empty(v):
    """Empty operands end ONNX Runtime 1.32 by a signal in Einsum and in recurrent layers."""
    return all(a.size for a in v.arrays)


def ranks(*allowed):
    return lambda v: v.dtype == F and v.rank in allowed


def swapped(b, pair):
    return pair[::-1] if b.chance(0.5) else pair


def broadcasts(v, w):
    """By declared dims: a symbol meets itself or a one. The compiler takes no symbol for one, whatever its value."""
    pairs = zip(reversed(v.dims), reversed(w.dims))
    return all(p == q or 1 in (p, q) for p, q in pairs)


def broadcast_shape(b, v):
    """The shape of a constant that broadcasts to v: static dims or ones, leading ones dropped by chance."""
    shape = [d if isinstance(d, int) and b.chance(0.6) else 1 for d in v.dims]
    return shape[b.integer(0, len(shape)):] if b.chance(0.6) else shape


def partner(b, v):
    """Another value, or a constant, that broadcasts with v."""
    if b.chance(0.6):
        return b.pick(lambda w: w.dtype == v.dtype and broadcasts(v, w), recent=12)
    shape = broadcast_shape(b, v)
    if v.dtype.kind in "iu":
        return b.constant(b.rng.integers(1, 5, shape).astype(v.dtype))
    if v.dtype == bool:
        return b.constant(b.rng.random(shape) < 0.5)
    return b.constant(b.normal(*shape).astype(v.dtype))


def weight(b, *shape, fan):
    return b.constant(b.normal(*shape, scale=1.2 / math.sqrt(fan)))


def pruned_weight(b, k, n, zeros=0.94):
    w = b.normal(k, n, scale=1.2 / math.sqrt(k * (1 - zeros)))
    w[b.rng.random((k, n)) < zeros] = 0
    return b.constant(w)


def reduce_node(b, op, x, axes, keepdims):
    if op == "ReduceSum" or b.opset >= 18:
        return b.node(op, [x, b.ints(*axes)], keepdims=keepdims)
    return b.node(op, [x], axes=list(axes), keepdims=keepdims)
