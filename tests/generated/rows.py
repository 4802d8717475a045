"""Rows of a batch alone, and in another order: where ONNX Runtime gives a row the same result wherever it stands and whatever the other rows
are, ours has the same bits."""
import dataclasses

import numpy as np

import builder
import oracle


@dataclasses.dataclass
class Check:
    size: int                # of the network's sizes
    order: np.ndarray        # rows of that size that the call gets
    inputs: list
    outputs: list            # of ONNX Runtime
    same: list               # numbers of the outputs whose rows do not depend on each other


def symbol_of_rows(network):
    """The sizes of the symbol that is the first axis of some inputs, and no other axis of any."""
    symbols = [s for s, name in network.symbols.items() if name == "N"]
    for s in symbols:
        if any(v.dims[:1] == [s] for v in network.inputs) and not any(s in v.dims[1:] for v in network.inputs):
            return s
    return None


def orders(count):
    return [np.arange(count // 2), np.arange(count // 2, count), np.arange(count)[::-1]]


def with_other_values(array, rows):
    """Floats are another value in all other rows."""
    out = array.copy()
    if array.dtype.kind == "f":
        others = np.ones(len(array), bool)
        others[rows] = False
        out[others] *= array.dtype.type(0.75)
    return out


def steady(run, arrays, is_batch, rows, outputs):
    """Those of the outputs whose `rows` have the same bits whatever the other rows hold."""
    whole = run(arrays)
    other = run([with_other_values(a, rows) if batch else a for a, batch in zip(arrays, is_batch)])
    return [k for k in outputs if whole[k].shape == other[k].shape and whole[k][rows].tobytes() == other[k][rows].tobytes()]


def independent(network):
    """The checks of a network; none where it has no such symbol."""
    symbol = symbol_of_rows(network)
    if not symbol or max(symbol) < 2:
        return []
    size = int(np.argmax(symbol))
    outputs = [k for k, v in enumerate(network.outputs) if v.dims[:1] == [symbol]]
    session = builder.session(network.model(), False)
    run = lambda arrays: [np.asarray(r) for r in session.run([v.name for v in network.outputs], {v.name: a for v, a in zip(network.inputs, arrays)})]
    arrays, is_batch = [v.arrays[size] for v in network.inputs], [v.dims[:1] == [symbol] for v in network.inputs]
    # What normalises away a factor that all rows have in common depends on them in its last bits alone.
    for half in orders(symbol[size])[:2] if outputs else []:
        outputs = steady(run, arrays, is_batch, half, outputs)
    out = []
    for order in orders(symbol[size]) if outputs else []:
        inputs = [a[order] if batch else a for a, batch in zip(arrays, is_batch)]
        results = run(inputs)
        same = [k for k in outputs if not oracle.difference(results[k], network.outputs[k].arrays[size][order])]
        out.append(Check(size, order, inputs, results, same))
    # A sum over the rows is the same in any order but for its rounding: rows are independent where those of a part are too.
    for check in out:
        check.same = [k for k in outputs if all(k in c.same for c in out)]
    return out


def problem(check, whole, part):
    """`whole`, `part`: our outputs of the size, and of the check."""
    for k in check.same:
        if whole[k][check.order].tobytes() != part[k].tobytes():
            return f"output {k}: rows {check.order.tolist()} alone have other bits than in the batch"
    for k, (ours, peer) in enumerate(zip(part, check.outputs)):
        if different := oracle.difference(ours, peer):
            return f"output {k} of rows {check.order.tolist()}: {different}"
    return None
