"""What a quantised, pruned network computes, without loss: nodes in execution order and their tensors.

A node is {"op", "name", "inputs": [names of values], "shape" (None = batch), ...attributes}; it defines the value `name`.
op "quantize"  y = clip_or_wrap(round(x * 2^f)) * 2^-f, with
                 round     TRN floor(v) | RND floor(v+1/2) | RND_CONV half to even | TRN_ZERO towards 0 |
                           RND_ZERO / RND_INF / RND_MIN_INF nearest, ties towards 0 / away from 0 / to -inf
                 overflow  SAT, SAT_SYM: clip to [min, max]; WRAP: reduce into [min, max] modulo max-min+1
                 min, max  integers in units of 2^-f, with all special cases of the tool applied
               each of f, min, max is an integer, or {"tensor": key}, broadcast over the value
constants      {"tensor": key, "f": integer or {"tensor": key}, ...}: integers q; value = q * 2^-f, exactly
"exact": False marks a float32 function (batch_norm, tanh, exp, ...); everything else is exact rational arithmetic.
"""
from __future__ import annotations

from typing import Any, Sequence

import numpy as np

Bits = Sequence[np.ndarray]  # k, i, f: sign bit, integer bits without it, fraction bits


class Unsupported(ValueError):
    """The model uses something that cannot be said without loss; the message lists every place."""


class Description:
    """Built up by a front end; `finish` raises what it noted as problems."""

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}
        self.nodes: list[dict[str, Any]] = []
        self.inputs: list[dict[str, Any]] = []
        self.outputs: list[str] = []
        self.problems: list[str] = []

    def emit(self, op: str, name: str, inputs: Sequence[str], shape: Sequence[int | None], **attributes: Any) -> str:
        self.nodes.append({"op": op, "name": name, "inputs": list(inputs), "shape": [None, *map(int, shape[1:])], **attributes})
        return name

    def problem(self, text: str) -> None:
        self.problems.append(text)

    def store(self, key: str, array: np.ndarray) -> dict[str, str]:
        self.tensors[key] = np.ascontiguousarray(array)
        return {"tensor": key}

    def integers(self, key: str, array: np.ndarray) -> int | dict[str, str]:
        """One number where all agree, else a tensor."""
        array = np.asarray(array).astype(np.int64)
        return int(array.flat[0]) if (array == array.flat[0]).all() else self.store(key, array)

    def quantize(self, value: str, name: str, shape: Sequence[int | None], bits: Bits, rounding: str, overflow: str,
                 zero_without_bits: bool = False) -> str:
        """A quantiser of the tool; `zero_without_bits` (HGQ): where k + i + f is not positive the result is 0."""
        k, i, f = np.broadcast_arrays(*bits)
        rounding, overflow = rounding.upper(), overflow.upper()
        if overflow not in ("SAT", "SAT_SYM", "WRAP"):
            self.problem(f"{name}: overflow mode {overflow}: SAT, SAT_SYM and WRAP can be said")
        if rounding.startswith("S_"):
            self.problem(f"{name}: stochastic rounding {rounding}: it is no function")
        top = 2.0 ** (np.maximum(i, -f) + f)
        low, high = -k * (top - (overflow == "SAT_SYM")), top - 1
        if zero_without_bits:
            low, high = np.where(k + i + f > 0, low, 0), np.where(k + i + f > 0, high, 0)
        if np.abs(low).max() > 2 ** 24 or high.max() > 2 ** 24:
            self.problem(f"{name}: {int((k + i + f).max())} bits: integers beyond 24 bits are no float32")
        fields = {n: self.integers(f"{name}.{n}", v) for n, v in zip(("f", "min", "max"), (f, low, high))}
        return self.emit("quantize", name, [value], shape, **fields, round=rounding, overflow=overflow)

    def constant(self, key: str, values: np.ndarray, bits: Bits) -> dict[str, Any]:
        """Integers of a final (quantised and pruned) parameter [channel, ...]: lossless whatever its values are."""
        w, (_, _, f) = np.asarray(values, np.float64), np.broadcast_arrays(*bits)
        per_channel = (w.shape[0],) + (1,) * (w.ndim - 1)
        step = f if f.size == 1 or f.shape == per_channel else None
        if step is None or np.mod(w * 2.0 ** step, 1).any():
            step = np.zeros(per_channel)  # bits per weight, or values off their grid: the smallest f that holds them
            while (off := np.mod(w * 2.0 ** step, 1).reshape(len(w), -1).any(axis=1)).any():
                step += off.reshape(per_channel)
        q = np.rint(w * 2.0 ** step).astype(np.int64)
        fits = [t for t in (np.int8, np.int16, np.int32) if np.iinfo(t).min <= q.min() and q.max() <= np.iinfo(t).max]
        if not fits:
            self.problem(f"{key}: values of more than 32 bits: was apply_final_compression called?")
        return {**self.store(key, q.astype(fits[0] if fits else np.int64)), "f": self.integers(f"{key}.f", step)}

    def finish(self) -> Description:
        if self.problems:
            raise Unsupported("cannot export:\n  " + "\n  ".join(self.problems))
        return self
