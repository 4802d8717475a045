"""Rules that add control flow. Bodies read values from outside, carry state and collect rows."""
import numpy as np
from onnx import helper

from builder import element_type
from common import F, need, not_empty, ranks


def declared(name, dtype, shape):
    return helper.make_tensor_value_info(name, element_type(np.dtype(dtype)), shape)


def unknown(v):
    return [d if isinstance(d, int) else None for d in v.dims]


def condition(b, x):
    """A comparison of a sum, which no rounding decides (the builder rejects ties)."""
    flat = b.node("ReduceMean", [x], keepdims=0) if b.opset < 18 else b.node("ReduceMean", [x, b.ints(*range(x.rank))], keepdims=0)
    return b.node("Greater", [flat, b.constant(F(b.rng.uniform(-0.2, 0.2)))])


def branch(b):
    """Both branches read x from outside; one of them twice."""
    x = b.pick(ranks(1, 2, 3))
    need(not_empty(x))
    w = b.constant(b.normal(*[1] * x.rank))
    names = [b.fresh("s") for _ in range(3)]
    then = helper.make_graph([helper.make_node("Mul", [x.name, w.name], [names[0]], name=b.fresh("n")), helper.make_node("Tanh", [names[0]], [names[1]], name=b.fresh("n"))],
                             "then", [], [declared(names[1], F, unknown(x))])
    other = helper.make_graph([helper.make_node("Add", [x.name, x.name], [names[2]], name=b.fresh("n"))], "else", [], [declared(names[2], F, unknown(x))])
    b.node("If", [condition(b, x)], captures=[x, w], then_branch=then, else_branch=other)


def loop(b):
    """h = tanh(h w + x), a fixed number of times; collects each h."""
    x = b.pick(lambda v: v.dtype == F and v.rank == 2 and v.static(1))
    need(not_empty(x))
    k, count = x.dims[1], b.integer(1, 4)
    w = b.constant(b.normal(k, k, scale=0.7 / k**0.5))
    i, on, h, product, total, after, still, row = (b.fresh("s") for _ in range(8))
    body = helper.make_graph(
        [helper.make_node("Identity", [on], [still], name=b.fresh("n")), helper.make_node("MatMul", [h, w.name], [product], name=b.fresh("n")),
         helper.make_node("Add", [product, x.name], [total], name=b.fresh("n")), helper.make_node("Tanh", [total], [after], name=b.fresh("n")),
         helper.make_node("Identity", [after], [row], name=b.fresh("n"))],
        "body", [declared(i, np.int64, []), declared(on, bool, []), declared(h, F, unknown(x))],
        [declared(still, bool, []), declared(after, F, unknown(x)), declared(row, F, unknown(x))])
    b.node("Loop", [b.constant(np.int64(count)), b.constant(np.bool_(True)), x], 2, captures=[x, w], body=body)


def scan(b):
    """A running sum over the first axis, scaled by a value from outside."""
    x = b.pick(lambda v: v.dtype == F and v.rank in (2, 3) and not_empty(v))
    start = b.node("ReduceMax", [x], axes=[0], keepdims=0) if b.opset < 18 else b.node("ReduceMax", [x, b.ints(0)], keepdims=0)
    w = b.constant(F(0.4))
    state, row, scaled, after, out = (b.fresh("s") for _ in range(5))
    shape = unknown(start)
    body = helper.make_graph(
        [helper.make_node("Mul", [row, w.name], [scaled], name=b.fresh("n")), helper.make_node("Add", [state, scaled], [after], name=b.fresh("n")),
         helper.make_node("Sigmoid", [after], [out], name=b.fresh("n"))],
        "body", [declared(state, F, shape), declared(row, F, shape)], [declared(after, F, shape), declared(out, F, shape)])
    b.node("Scan", [start, x], 2, captures=[w], body=body, num_scan_inputs=1, scan_input_directions=[b.integer(0, 1)], scan_output_directions=[b.integer(0, 1)])
