"""MLPF: particle flow by a transformer over tracks and clusters."""
import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import join_heads, split_heads

TYPES = 6


def feed(n_in, width, n_out):
    return nn.Sequential(nn.Linear(n_in, width), nn.ELU(), nn.LayerNorm(width), nn.Linear(width, n_out))


class Layer(nn.Module):
    """Pre-norm attention; the query may come from elsewhere."""

    def __init__(self, width=256, heads=16):
        super().__init__()
        self.heads, self.width = heads, width
        self.norm0, self.norm1 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.feed = nn.Sequential(nn.Linear(width, width), nn.ELU(), nn.Linear(width, width), nn.ELU())

    def forward(self, x, mask, query=None):
        normed = self.norm0(x)
        q = self.q(normed if query is None else query)
        q, k, v = (split_heads(t, self.heads, self.width // self.heads) for t in (q, self.k(normed), self.v(normed)))
        scores = torch.matmul(q, k.transpose(2, 3)) * (q.shape[-1] ** -0.5)
        x = x + self.out(join_heads(torch.matmul(scores.softmax(-1), v), self.width)) * mask
        return x + self.feed(self.norm1(x)) * mask


class PerType(nn.Module):
    """One network per element type; the one of the element's own type counts."""

    def __init__(self, width, n_out):
        super().__init__()
        self.nets = nn.ModuleList(feed(width, width, n_out) for _ in range(TYPES))

    def forward(self, x, one_hot):
        return sum(net(x) * one_hot[..., t:t + 1] for t, net in enumerate(self.nets))


class Mlpf(nn.Module):
    def __init__(self, features=55, width=256, classes=9):
        super().__init__()
        self.register_buffer("types", torch.arange(1, TYPES + 1).float())
        self.width, self.embed = width, feed(features, width, TYPES * width)
        self.layers = nn.ModuleList(Layer(width) for _ in range(3))
        self.binary, self.pid = feed(width, width, 2), feed(width, width, classes)
        self.pt, self.energy = PerType(width, 2), PerType(width, 2)
        self.eta, self.sin_phi, self.cos_phi = (feed(width, width, 2) for _ in range(3))

    def forward(self, elements, mask):
        valid = mask.unsqueeze(2)
        one_hot = (elements[..., :1] == self.types).to(elements.dtype)
        each = self.embed(elements).unflatten(2, (TYPES, self.width))
        x = start = (each * one_hot.unsqueeze(3)).sum(2) * valid
        for layer in self.layers[:-1]:
            x = layer(x, valid)
        x = self.layers[-1](x, valid, start)
        linear = lambda y, column: y[..., :1] * elements[..., column:column + 1] + y[..., 1:]
        momentum = torch.cat([linear(self.pt(x, one_hot), 1), linear(self.eta(x), 2), linear(self.sin_phi(x), 3),
                              linear(self.cos_phi(x), 4), linear(self.energy(x, one_hot), 5)], 2)
        return self.binary(x) * valid, self.pid(x) * valid, momentum * valid


ENTRIES = [
    Entry("mlpf", Mlpf,
          (Port("elements", ("batch", "n_elem", 55), "elements", particles=1), Port("mask", ("batch", "n_elem"), "mask", particles=1)),
          ("binary", "pid", "momentum"), {"batch": (1, 2), "n_elem": (1, 2048)},
          ({"batch": 1, "n_elem": 512}, {"batch": 2, "n_elem": 33}, {"batch": 1, "n_elem": 1}),
          ("LayerNormalization", "attention", "one of per-type heads")),
]
