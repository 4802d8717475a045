"""Layers that several models of the zoo share."""
import torch
from torch import nn
from torch.nn import functional as F


def dense(*sizes, act=nn.ReLU, last=False, norm=None):
    """Linear layers with (norm and) an activation between them, and after the last one if `last`."""
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b)] + ([norm(b)] if norm else []) + [act()]
    return nn.Sequential(*(layers if last else layers[:-1 - bool(norm)]))


class Normalise(nn.Module):
    """(x - mean) / std over the last axis."""

    def __init__(self, width):
        super().__init__()
        self.register_buffer("mean", torch.zeros(width))
        self.register_buffer("std", torch.ones(width))

    def forward(self, x):
        return (x - self.mean) / self.std


def split_heads(x, heads, size):
    """[b, n, heads * size] -> [b, heads, n, size]; no -1 in the shape: n may be 0"""
    return x.reshape(x.shape[0], x.shape[1], heads, size).transpose(1, 2)


def join_heads(x, width):
    """[b, heads, n, size] -> [b, n, heads * size]"""
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], width)


class SelfAttention(nn.Module):
    """Packed projection and scaled_dot_product_attention."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.width = heads, width
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x, mask=None):
        q, k, v = (split_heads(t, self.heads, self.width // self.heads) for t in self.qkv(x).chunk(3, 2))
        return self.out(join_heads(F.scaled_dot_product_attention(q, k, v, attn_mask=mask), self.width))
