"""Seeded inputs for the rows of zoo.json, as they look after preprocessing. Needs numpy only.

A port is {"name", "dtype", "shape": [size or symbol...], "kind", "particles": axis or null}. With a particles axis the tail of it is
padding (zeros), more in some events of the batch than in others: what the mask of the same event says.
"""
import hashlib

import numpy as np


def shape_of(port, sizes):
    return [sizes[d] if isinstance(d, str) else d for d in port["shape"]]


def valid_particles(shape, axis):
    """1 where a particle is, 0 where padding is; event b of the batch (axis 0) has n - (n // 4) * ((b + 1) % 3) particles."""
    n, batch = shape[axis], shape[0] if axis else 1
    length = np.array([n - n // 4 * ((b + 1) % 3) for b in range(batch)])
    valid = np.arange(n)[None] < length[:, None]
    return valid.reshape([batch] + [n if a == axis else 1 for a in range(1, len(shape))]) if axis else valid[0]


def momenta(rng, shape, axis):
    """px, py, pz, E of light particles around one direction; the four stand on `axis`."""
    rest = [s for a, s in enumerate(shape) if a != axis]
    pt = np.exp(rng.normal(0.5, 1.0, rest))
    eta, phi = 0.3 + 0.2 * rng.standard_normal(rest), 0.8 + 0.2 * rng.standard_normal(rest)
    p = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), np.hypot(pt * np.cosh(eta), 0.14)], axis)
    return p.astype(np.float32)


def draw(port, sizes, seed=1):
    """One input."""
    shape, kind = shape_of(port, sizes), port["kind"]
    key = hashlib.sha256(f"{seed}:{port['name']}:{shape}".encode()).digest()
    rng = np.random.Generator(np.random.PCG64(int.from_bytes(key[:16], "little")))
    if kind == "normal":
        x = np.clip(rng.standard_normal(shape), -5, 5)
    elif kind == "uniform":
        x = rng.random(shape)
    elif kind == "mask":
        x = np.ones(shape)
    elif kind == "momenta":
        x = momenta(rng, shape, shape.index(4, 1))
    elif kind == "elements":                                  # column 0: type of the element, 1 to 6
        x = np.clip(rng.standard_normal(shape), -5, 5)
        x[..., 0] = rng.integers(1, 7, shape[:-1])
    elif kind.startswith("index:"):
        x = rng.integers(0, max(1, sizes[kind[6:]]), shape)
    else:
        raise ValueError(f"unknown kind {kind}")
    if port.get("particles") is not None:
        x = x * valid_particles(shape, port["particles"])
    return np.ascontiguousarray(x.astype(port["dtype"]))


def feed(row, sizes, seed=1):
    return {port["name"]: draw(port, sizes, seed) for port in row["inputs"]}
