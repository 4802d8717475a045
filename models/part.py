"""Particle Transformer (arXiv:2202.03772) and the CMS variant for AK4 jets with three input collections."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import join_heads, split_heads

EPS = 1e-8


def wrapped(angle):
    """Into [-pi, pi)."""
    return (angle + math.pi) % (2 * math.pi) - math.pi


def signed_atan(y, x):
    """atan2 by sign and atan: TorchScript's exporter writes atan2 as atan(y / x), NaN on padding."""
    sx, sy = torch.sign(x), torch.sign(y)
    half_turn = (sy + sx * (sy**2 - 1)) * (sx - 1) * (-math.pi / 2)
    return torch.atan(y / (x + (1 - sx**2))) * sx**2 + half_turn


def kinematics(p):
    """px, py, pz, E on axis 1 -> pt, rapidity, phi."""
    px, py, pz, energy = p.split(1, 1)
    pt = torch.sqrt((p[:, :2] ** 2).sum(1, keepdim=True))
    rapidity = 0.5 * torch.log(1 + 2 * pz / (energy - pz).clamp(min=1e-20))
    return pt, rapidity, signed_atan(py, px)


def kinematics_cms(p):
    """CMS's variant takes component 2 for the rapidity."""
    px, py, third, _ = p.split(1, 1)
    return torch.sqrt((p[:, :2] * p[:, :2]).sum(1, keepdim=True)), third, signed_atan(py, px)


def pair_features(a, b, kinematics):
    """ln kT, ln z, ln deltaR, ln m^2 of particle pairs, [n, 4, pairs]."""
    (pt_a, y_a, phi_a), (pt_b, y_b, phi_b) = kinematics(a), kinematics(b)
    delta = torch.sqrt((y_a - y_b) ** 2 + wrapped(phi_a - phi_b) ** 2)
    smaller = (pt_a <= pt_b).to(pt_a.dtype) * pt_a + (pt_a > pt_b).to(pt_a.dtype) * pt_b
    z = smaller / (pt_a + pt_b).clamp(min=EPS)
    s = a + b
    mass2 = s[:, 3:4] ** 2 - (s[:, :3] ** 2).sum(1, keepdim=True)
    present = ((pt_a != 0) & (pt_b != 0)).to(pt_a.dtype)
    return torch.cat([torch.log(t.clamp(min=EPS)) for t in (smaller * delta, z, delta, mass2)], 1) * present


class PairEmbed(nn.Module):
    """Bias of the attention from pairs i >= j, written into both triangles (dynamo's file: computed for both)."""

    def __init__(self, sizes, kinematics, last_norm=True):
        super().__init__()
        layers, widths = [nn.BatchNorm1d(4)] + ([] if last_norm else [nn.GELU()]), (4, *sizes)
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            layers.append(nn.Conv1d(a, b, 1))
            if last_norm or i + 1 < len(sizes):
                layers += [nn.BatchNorm1d(b), nn.GELU()]
        self.embed, self.heads, self.kinematics = nn.Sequential(*layers), sizes[-1], kinematics

    def forward(self, p):
        n, _, length = p.shape
        if torch.compiler.is_exporting():                                  # this exporter can not size a nonzero()
            row = torch.arange(length)
            i, j = (f(row[:, None], row).reshape(-1) for f in (torch.maximum, torch.minimum))
            return self.embed(pair_features(p[:, :, i], p[:, :, j], self.kinematics)).reshape(n, self.heads, length, length)
        i, j = (t.squeeze(1) for t in torch.ones(length, length).tril().nonzero().split(1, 1))
        e = self.embed(pair_features(p[:, :, i], p[:, :, j], self.kinematics))
        bias = torch.zeros(n, self.heads, length, length)
        bias[:, :, i, j] = e
        bias[:, :, j, i] = e
        return bias


class Embed(nn.Module):
    def __init__(self, n_in, sizes):
        super().__init__()
        self.norm, widths = nn.BatchNorm1d(n_in), (n_in, *sizes)
        self.net = nn.Sequential(*(layer for a, b in zip(widths, widths[1:])
                                   for layer in (nn.LayerNorm(a), nn.Linear(a, b), nn.GELU())))

    def forward(self, x):
        return self.net(self.norm(x).transpose(1, 2))


class Attention(nn.Module):
    """Multi-head attention with PyTorch's packed parameters, the scale on q; mask [n, heads or 1, q, k] is added."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.size, self.width = heads, width // heads, width
        self.in_proj_weight, self.in_proj_bias = nn.Parameter(torch.zeros(3 * width, width)), nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def project(self, q, kv):
        if q is kv:
            return F.linear(q, self.in_proj_weight, self.in_proj_bias).chunk(3, 2)
        (wq, wk, wv), (bq, bk, bv) = self.in_proj_weight.chunk(3), self.in_proj_bias.chunk(3)
        return F.linear(q, wq, bq), F.linear(kv, wk, bk), F.linear(kv, wv, bv)

    def forward(self, q, kv, mask):
        q, k, v = (split_heads(t, self.heads, self.size) for t in self.project(q, kv))
        scores = torch.matmul(q / math.sqrt(self.size), k.transpose(2, 3)) + mask
        return self.out_proj(join_heads(torch.matmul(scores.softmax(-1), v), self.width))


class Block(nn.Module):
    """Pre-norm attention with per-head scale and a norm after it; feed-forward with a norm inside and a scaled residual."""

    def __init__(self, width=128, heads=8):
        super().__init__()
        self.heads, self.width = heads, width
        self.pre, self.post = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.head_scale, self.residual_scale = nn.Parameter(torch.ones(heads)), nn.Parameter(torch.ones(width))
        self.pre_feed, self.up = nn.LayerNorm(width), nn.Linear(width, 4 * width)
        self.middle, self.down = nn.LayerNorm(4 * width), nn.Linear(4 * width, width)

    def attend(self, q, kv, mask):
        y = self.attention(q, kv, mask)
        scaled = y.reshape(y.shape[0], y.shape[1], self.heads, self.width // self.heads) * self.head_scale[:, None]
        return self.post(scaled.reshape(y.shape[0], y.shape[1], self.width))

    def forward(self, x, mask, token=None):
        if token is None:
            normed = self.pre(x)
            y = x + self.attend(normed, normed, mask)
        else:
            y = token + self.attend(token, self.pre(torch.cat([token, x], 1)), mask)
        return self.down(self.middle(F.gelu(self.up(self.pre_feed(y))))) + self.residual_scale * y


class ParT(nn.Module):
    def __init__(self, features=17, classes=10, width=128, heads=8):
        super().__init__()
        self.embed = Embed(features, (128, 512, width))
        self.pairs = PairEmbed((64, 64, 64, heads), kinematics)
        self.blocks = nn.ModuleList(Block() for _ in range(8))
        self.class_blocks = nn.ModuleList(Block() for _ in range(2))
        self.token = nn.Parameter(torch.zeros(1, 1, width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, pf_features, pf_vectors, pf_mask):
        pad = pf_mask == 0
        closed = torch.zeros_like(pf_mask).masked_fill(pad, float("-inf")).unsqueeze(2)
        mask = self.pairs(pf_vectors) + closed
        x = self.embed(pf_features * pf_mask)
        for block in self.blocks:
            x = block(x, mask)
        token = self.token.expand(x.shape[0], -1, -1)
        mask = torch.cat([torch.zeros_like(closed[..., :1]), closed], 3)
        for block in self.class_blocks:
            token = block(x, mask, token)
        return self.head(self.norm(token).squeeze(1)).softmax(1)


class ConvStack(nn.Module):
    """Normalised input, then [1x1 convolution, GELU, BatchNorm] as often as `depth` says."""

    def __init__(self, n_in, depth, width=128):
        super().__init__()
        self.norm = nn.BatchNorm1d(n_in)
        self.convs = nn.Sequential(*(layer for i in range(depth)
                                     for layer in (nn.Conv1d(width if i else n_in, width, 1), nn.GELU(), nn.BatchNorm1d(width))))

    def forward(self, x):
        return self.convs(self.norm(x.transpose(1, 2)))


class RobustBlock(nn.Module):
    """Attention on normed input, residual, norm; feed-forward with a norm inside, residual on the normed."""

    def __init__(self, width=128, heads=8, token=False):
        super().__init__()
        self.norm0, self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(4 * width)
        self.norm0b = nn.LayerNorm(width) if token else None
        self.attention = Attention(width, heads)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask, others=None):
        q = self.norm0(x)
        kv = q if others is None else self.norm0b(torch.cat([x, others], 1))
        y = self.norm1(x + self.attention(q, kv, mask))
        return y + self.down(self.norm2(F.gelu(self.up(y))))


class RobustParT(nn.Module):
    """CMS RobustParT AK4: three collections with their four-vectors, three layers and a class layer."""

    def __init__(self, width=128, heads=8):
        super().__init__()
        self.cpf, self.npf, self.vtx = ConvStack(16, 3), ConvStack(8, 2), ConvStack(14, 3)
        self.pairs = PairEmbed((64, 64, heads), kinematics_cms, last_norm=False)
        self.layers = nn.ModuleList(RobustBlock() for _ in range(3))
        self.class_layer, self.token = RobustBlock(token=True), nn.Parameter(torch.zeros(1, 1, width))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 6)

    def forward(self, input_1, input_2, input_3, input_4, input_5, input_6):
        vectors = torch.cat([input_4, input_5, input_6], 1)
        closed = torch.zeros_like(vectors[:, :, 0]).masked_fill(vectors[:, :, 0] == 0, float("-inf"))[:, None, None]
        x = torch.cat([self.cpf(input_1), self.npf(input_2), self.vtx(input_3)], 2).transpose(1, 2)
        mask = self.pairs(vectors.transpose(1, 2)) + closed
        for layer in self.layers:
            x = layer(x, mask)
        token = self.token.expand(x.shape[0], -1, -1)
        mask = torch.cat([torch.zeros_like(closed[..., :1]), closed], 3)
        return self.head(self.norm(self.class_layer(token, mask, x)[:, 0])).softmax(1)


def rows(name, symbol, width, kind="normal"):
    return Port(name, ("N", symbol, width), kind, particles=1)


COMPOSITES = ("LayerNormalization", "GELU", "attention", "symmetric scatter", "BatchNormalization after Conv")
ENTRIES = [
    Entry("part", ParT,
          (Port("pf_features", ("N", 17, "n_pf"), particles=2), Port("pf_vectors", ("N", 4, "n_pf"), "momenta", particles=2),
           Port("pf_mask", ("N", 1, "n_pf"), "mask", particles=2)),
          ("probabilities",), {"N": (1, 16), "n_pf": (1, 128)},
          ({"N": 1, "n_pf": 128}, {"N": 2, "n_pf": 17}, {"N": 1, "n_pf": 64}, {"N": 1, "n_pf": 1}), COMPOSITES),
    Entry("robust_part_ak4", RobustParT,
          (rows("input_1", "n_cpf", 16), rows("input_2", "n_npf", 8), rows("input_3", "n_vtx", 14),
           rows("input_4", "n_cpf", 4, "momenta"), rows("input_5", "n_npf", 4, "momenta"), rows("input_6", "n_vtx", 4, "momenta")),
          ("probabilities",), {"N": (1, 16), "n_cpf": (1, 26), "n_npf": (1, 25), "n_vtx": (1, 5)},
          ({"N": 1, "n_cpf": 26, "n_npf": 25, "n_vtx": 5}, {"N": 2, "n_cpf": 7, "n_npf": 9, "n_vtx": 3},
           {"N": 1, "n_cpf": 1, "n_npf": 1, "n_vtx": 1}), COMPOSITES, 14, note="shape-alike of CMS RobustParT AK4"),
]
