"""ParticleNet: EdgeConv blocks on k nearest neighbours (arXiv:1902.08570), and CMS's taggers with one input per collection."""
import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import dense


def neighbours(points, k):
    """Indices of the k nearest of each particle but itself; points [n, c, p] -> int64 [n, p, k]."""
    inner = -2 * torch.matmul(points.transpose(2, 1), points)
    square = (points**2).sum(1, keepdim=True)
    return (-square - inner - square.transpose(2, 1)).topk(k + 1, dim=-1)[1][:, :, 1:]


class EdgeConv(nn.Module):
    """Three 1x1 convolutions on [x_i, x_j - x_i], mean over the neighbours, shortcut."""

    def __init__(self, k, n_in, sizes):
        super().__init__()
        self.k, widths = k, (2 * n_in, *sizes)
        self.convs = nn.Sequential(*(layer for a, b in zip(widths, widths[1:])
                                     for layer in (nn.Conv2d(a, b, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU())))
        same = n_in == sizes[-1]
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv1d(n_in, sizes[-1], 1, bias=False), nn.BatchNorm1d(sizes[-1]))

    def forward(self, points, x):
        n, c, p = x.shape
        near = (neighbours(points, self.k) + p * torch.arange(n).reshape(-1, 1, 1)).reshape(-1)
        other = x.transpose(0, 1).reshape(c, -1)[:, near].reshape(c, n, p, self.k).transpose(0, 1)
        centre = x.reshape(n, c, p, 1).repeat(1, 1, 1, self.k)
        return F.relu(self.shortcut(x) + self.convs(torch.cat([centre, other - centre], 1)).mean(-1))


class ParticleNet(nn.Module):
    """Blocks, (fusion of all blocks,) masked mean, dense layers; the last `regressed` outputs stay outside the softmax."""

    def __init__(self, features, blocks, fc, fusion=None, norm=True, regressed=0):
        super().__init__()
        widths = (features, *(sizes[-1] for _, sizes in blocks))
        self.norm = nn.BatchNorm1d(features) if norm else nn.Identity()
        self.blocks = nn.ModuleList(EdgeConv(k, a, sizes) for a, (k, sizes) in zip(widths, blocks))
        joined = sum(widths[1:])
        self.fusion = nn.Sequential(nn.Conv1d(joined, fusion, 1, bias=False), nn.BatchNorm1d(fusion), nn.ReLU()) if fusion else None
        self.fc, self.classes = dense(fusion or widths[-1], *fc), fc[-1] - regressed
        self.regressed = regressed

    def forward(self, points, features, mask):
        points, x = points * mask, self.norm(features) * mask
        away = (mask == 0).to(points.dtype) * 1e9
        counts = torch.maximum(mask.sum(-1), torch.ones_like(mask.sum(-1)))
        outputs = []
        for block in self.blocks:
            x = block(points + away, x) * mask
            points = x
            outputs.append(x)
        if self.fusion is not None:
            x = self.fusion(torch.cat(outputs, 1)) * mask
        y = self.fc(x.sum(-1) / counts)
        if not self.regressed:
            return y.softmax(1)
        return torch.cat([y[:, :self.classes].softmax(1), y[:, self.classes:]], 1)


class FeatureConv(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv = nn.Sequential(nn.BatchNorm1d(n_in), nn.Conv1d(n_in, n_out, 1, bias=False), nn.BatchNorm1d(n_out), nn.ReLU())

    def forward(self, x):
        return self.conv(x)


class ParticleNetTagger(nn.Module):
    """One FeatureConv per collection, ParticleNet on all of them."""

    def __init__(self, pf, sv, width, **more):
        super().__init__()
        self.pf, self.sv = FeatureConv(pf, width), FeatureConv(sv, width)
        self.net = ParticleNet(width, norm=False, **more)

    def forward(self, pf_points, pf_features, pf_mask, sv_points, sv_features, sv_mask):
        points = torch.cat([pf_points, sv_points], 2)
        features = torch.cat([self.pf(pf_features * pf_mask) * pf_mask, self.sv(sv_features * sv_mask) * sv_mask], 2)
        return self.net(points, features, torch.cat([pf_mask, sv_mask], 2))


def lite():
    return ParticleNet(7, [(7, (32,) * 3), (7, (64,) * 3)], (128, 2))


def hlt_ak4():
    """CMS HLT AK4 V01."""
    return ParticleNetTagger(23, 11, 48, blocks=[(k, (128, 96, 64)) for k in (16, 14, 12)], fusion=128, fc=(128, 96, 64, 7), regressed=1)


def ak8():
    """CMS HLT AK8 V02."""
    return ParticleNetTagger(25, 11, 32, blocks=[(16, (c,) * 3) for c in (64, 128, 256)], fusion=384, fc=(256, 10))


def collection(prefix, symbol, features):
    return (Port(f"{prefix}_points", ("N", 2, symbol), particles=2), Port(f"{prefix}_features", ("N", features, symbol), particles=2),
            Port(f"{prefix}_mask", ("N", 1, symbol), "mask", particles=2))


COMPOSITES = ("BatchNormalization after Conv", "kNN", "EdgeConv", "masked mean")
ENTRIES = [
    Entry("particlenet_lite", lite, collection("pf", "n_pf", 7), ("probabilities",), {"N": (1, 64), "n_pf": (8, 128)},
          ({"N": 1, "n_pf": 100}, {"N": 3, "n_pf": 17}, {"N": 1, "n_pf": 8}), COMPOSITES, 15),
    Entry("particlenet_hlt_ak4", hlt_ak4, collection("pf", "n_pf", 23) + collection("sv", "n_sv", 11), ("output",),
          {"N": (1, 64), "n_pf": (16, 50), "n_sv": (1, 5)},
          ({"N": 1, "n_pf": 50, "n_sv": 5}, {"N": 3, "n_pf": 21, "n_sv": 2}, {"N": 1, "n_pf": 16, "n_sv": 1}), COMPOSITES, 12,
          note="shape-alike of CMS HLT ParticleNet AK4 V01"),
    Entry("particlenet_ak8", ak8, collection("pf", "n_pf", 25) + collection("sv", "n_sv", 11), ("probabilities",),
          {"N": (1, 16), "n_pf": (17, 120), "n_sv": (1, 10)},
          ({"N": 1, "n_pf": 100, "n_sv": 10}, {"N": 2, "n_pf": 30, "n_sv": 3}, {"N": 1, "n_pf": 17, "n_sv": 1}), COMPOSITES, 15),
]
