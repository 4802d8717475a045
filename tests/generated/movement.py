"""Rules that add operators which move elements."""
import numpy as np

from builder import largest
from common import F, need, partner, ranks


def movable(b):
    return b.pick(lambda v: v.rank >= 1, recent=12)


def concat(b):
    x = movable(b)
    axis, written = b.axis(x)
    fits = lambda w: w.dtype == x.dtype and w.rank == x.rank and all(p == q for a, (p, q) in enumerate(zip(w.dims, x.dims)) if a != axis)
    parts = [x, *(b.pick(fits, recent=20) for _ in range(b.integer(1, 2)))]
    if x.static(*range(x.rank)) and x.dtype == F and b.chance(0.3):
        parts.append(b.constant(b.normal(*x.dims)))
    b.node("Concat", parts, axis=written)


def split(b):
    x = movable(b)
    axis, written = b.axis(x, lambda d: isinstance(d, int) and d >= 2)
    d = x.dims[axis]
    first = b.integer(1, d - 1)
    if d % 2 == 0 and b.chance(0.4):
        b.node("Split", [x], 2, axis=written, **({"num_outputs": 2} if b.opset >= 18 else {}))
    else:
        b.node("Split", [x, b.ints(first, d - first)], 2, axis=written)


def slices(b):
    x = movable(b)
    axis, written = b.axis(x)
    d = min(a.shape[axis] for a in x.arrays)
    if b.chance(0.2):
        start, end, step = -1, -(2**63) + 1, -1
    else:
        start, step = b.integer(0, max(d - 1, 0)), b.choose([1, 1, 2])
        # Of a symbol's axis the end is left open: min(1, N) would pass for a one.
        end = b.choose([d, start + 1, -1 if start < d - 1 else d, 2**63 - 1] if x.static(axis) else [2**63 - 1, -1 if start < d - 1 else 2**63 - 1])
    more = [] if step == 1 and b.chance(0.5) else [b.ints(step)]
    b.node("Slice", [x, b.ints(start), b.ints(end), b.ints(written), *more])


def gather(b):
    x = movable(b)
    axis, written = b.axis(x)
    d = min(a.shape[axis] for a in x.arrays)
    shape = b.choose([(), (1,), (2,), (3,), (2, 2)])
    b.node("Gather", [x, b.constant(b.indices(d, shape))], axis=written)


def embedding(b):
    ids = b.pick(lambda v: v.dtype in (np.int64, np.int32) and all(largest(a) < 9 for a in v.arrays))
    b.node("Gather", [b.constant(b.normal(9, b.choose([1, 4, 6]))), ids])


def gather_elements(b):
    x = b.pick(lambda v: v.rank >= 1 and v.static(*range(v.rank)))
    axis, written = b.axis(x)
    shape = list(x.dims)
    shape[axis] = b.integer(1, 4)
    d = x.dims[axis]
    b.node("GatherElements", [x, b.constant(b.indices(d, shape))], axis=written)


def gather_nd(b):
    x = movable(b)
    depth = b.integer(1, x.rank)
    least = [min(a.shape[k] for a in x.arrays) for k in range(depth)]
    rows = b.integer(1, 4)
    b.node("GatherND", [x, b.constant(np.stack([b.indices(d, rows) for d in least], axis=1))])


def one_dim_over(b, x, shape):
    """shape with one entry as -1 where all others are numbers."""
    moving = [a for a, d in enumerate(shape) if not isinstance(d, int)]
    need(len(moving) <= 1)
    unknown = moving or ([b.integer(0, len(shape) - 1)] if b.chance(0.5) else [])
    return [-1 if a in unknown else d for a, d in enumerate(shape)]


def reshape(b):
    x = movable(b)
    shape = list(x.dims)
    if x.rank >= 2 and b.chance(0.6):                                # join two axes
        a = b.integer(0, x.rank - 2)
        joined = shape[a] * shape[a + 1] if x.static(a, a + 1) else tuple(x.arrays[i].shape[a] * x.arrays[i].shape[a + 1] for i in range(b.sizes))
        shape[a:a + 2] = [joined]
    else:                                                            # part one
        a, _ = b.axis(x, lambda d: isinstance(d, int) and d >= 4 and d % 2 == 0)
        shape[a:a + 1] = b.choose([[2, shape[a] // 2], [shape[a] // 2, 2]])
    b.node("Reshape", [x, b.ints(*one_dim_over(b, x, shape))])


def reshape_computed(b):
    """The target out of Shape, as exporters write `x.view(x.size(0), -1)`."""
    x = b.pick(lambda v: v.rank >= 2)
    first = b.node("Gather", [b.node("Shape", [x]), b.constant(np.int64(0))])
    target = b.node("Concat", [b.node("Unsqueeze", [first, b.ints(0)]), b.ints(-1)], axis=0)
    b.node("Reshape", [x, target])


def transpose(b):
    x = b.pick(lambda v: v.rank >= 2, recent=12)
    b.node("Transpose", [x], perm=b.rng.permutation(x.rank).tolist())


def between_transposes(b):
    """There, something on each element or along an axis, and back."""
    x = b.pick(ranks(2, 3, 4), recent=12)
    perm = b.rng.permutation(x.rank)
    y = b.node("Transpose", [x], perm=perm.tolist())
    for _ in range(b.integer(1, 2)):
        op = b.choose(["Relu", "Tanh", "Add", "Mul", "Softmax"])
        if op in ("Add", "Mul"):
            y = b.node(op, [y, partner(b, y)])
            need(y.rank == x.rank)
        else:
            y = b.node(op, [y], **({"axis": b.axis(y)[1]} if op == "Softmax" else {}))
    b.node("Transpose", [y], perm=np.argsort(perm).tolist())


def squeeze(b):
    x = b.pick(lambda v: 1 in v.dims)
    b.node("Squeeze", [x, b.ints(b.axis(x, lambda d: d == 1)[1])])


def unsqueeze(b):
    x = b.pick(lambda v: v.rank <= 3)
    b.node("Unsqueeze", [x, b.ints(b.integer(-x.rank - 1, x.rank))])


def flatten(b):
    x = movable(b)
    b.node("Flatten", [x], axis=b.integer(0, x.rank))


def expand(b):
    x = movable(b)
    shape = [b.integer(2, 4) if d == 1 else 1 for d in x.dims]
    b.node("Expand", [x, b.ints(*([b.integer(2, 3)] if b.chance(0.3) else []), *shape)])


def tile(b):
    x = movable(b)
    b.node("Tile", [x, b.ints(*(b.choose([1, 1, 2, 3]) for _ in x.dims))])


def pad(b):
    x = b.pick(lambda v: v.dtype in (F, np.int64) and v.rank >= 1)
    mode = b.choose(["constant", "reflect", "edge"])
    # A border or a reflection needs elements, which an unbounded symbol does not promise.
    room = [1 if mode == "constant" or (isinstance(d, int) and d > 1) else 0 for d in x.dims]
    pads = [b.integer(0, r) for r in room] + [b.integer(0, r) for r in room]
    value = [b.constant(np.asarray(1.5, x.dtype))] if mode == "constant" and b.chance(0.5) else []
    b.node("Pad", [x, b.ints(*pads), *value], mode=mode)


def trilu(b):
    b.node("Trilu", [b.pick(ranks(2, 3)), b.constant(np.int64(b.integer(-1, 1)))], upper=int(b.chance(0.5)))


def one_hot(b):
    ids = b.pick(lambda v: v.dtype == np.int64 and v.rank <= 2)
    b.node("OneHot", [ids, b.constant(np.int64(6)), b.constant(np.array([0, 1], F))], axis=b.choose([-1, 0]))


def scatter_elements(b):
    x = b.pick(lambda v: v.dtype == F and 1 <= v.rank <= 3 and v.static(*range(v.rank)))
    axis, written = b.axis(x)
    shape = list(x.dims)
    shape[axis] = b.integer(1, shape[axis])
    order = np.argsort(b.rng.random(x.dims), axis=axis)               # no index twice along the axis
    index = np.take(order, range(shape[axis]), axis=axis)
    b.node("ScatterElements", [x, b.constant(index), b.constant(b.normal(*shape))], axis=written, reduction=b.choose(["none", "add"]))


def scatter_nd(b):
    x = b.pick(lambda v: v.dtype == F and 1 <= v.rank <= 3 and v.static(*range(v.rank)))
    rows = b.integer(1, x.dims[0])
    index = b.rng.permutation(x.dims[0])[:rows].reshape(rows, 1)
    b.node("ScatterND", [x, b.constant(index), b.constant(b.normal(rows, *x.dims[1:]))], reduction=b.choose(["none", "add"]))


def scatter_nd_given(b):
    """Rows that a TopK names: each once, known at run time alone."""
    x = b.pick(lambda v: v.dtype == F and v.rank in (2, 3) and v.static(*range(v.rank)))
    k = b.integer(1, x.dims[0])
    rank = b.node("ReduceSum", [x, b.ints(*range(1, x.rank))], keepdims=0)
    _, index = b.node("TopK", [rank, b.ints(k)], 2, axis=0)
    index = b.node("Unsqueeze", [index, b.ints(1)])
    b.node("ScatterND", [x, index, b.constant(b.normal(k, *x.dims[1:]))], reduction=b.choose(["none", "add"]))


def behind_transpose(b):
    """What a Transpose in front moves through: a Gather by indices of any rank, or a reduction that drops its axis."""
    x = b.pick(lambda v: v.dtype == F and v.rank in (3, 4))
    t = b.node("Transpose", [x], perm=b.rng.permutation(x.rank).tolist())
    if b.chance(0.5):
        axis, written = b.axis(t)
        least = min(a.shape[axis] for a in t.arrays)
        t = b.node("Gather", [t, b.constant(b.indices(least, b.choose([(), (2,), (2, 3)])))], axis=written)
    else:
        axis = [b.axis(t)[1]]
        t = b.node("ReduceMax", [t], axes=axis, keepdims=0) if b.opset < 18 else b.node("ReduceMax", [t, b.ints(*axis)], keepdims=0)
    b.node("Neg", [t])
