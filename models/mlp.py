"""Dense networks: L1 triggers, small CMS and ACTS classifiers, DeepSets, Par04, CaloClouds."""
import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import Normalise, dense


class JetMLP(nn.Module):
    """hls4ml jet tagger: 16-64-32-32-5, ReLU, softmax."""

    def __init__(self):
        super().__init__()
        self.net = dense(16, 64, 32, 32, 5)

    def forward(self, x):
        return self.net(x).softmax(1)


class Axol1tl(nn.Module):
    """AXOL1TL v5: features 57-29-10, auto-encoder 10-9-6-4-6-9-10, score = |out - z|^2."""

    def __init__(self):
        super().__init__()
        self.features = dense(57, 29, 10, last=True)
        self.coder = dense(10, 9, 6, 4, 6, 9, 10)

    def forward(self, x):
        z = self.features(x)
        return (self.coder(z) - z).square().sum(1)


class Superclustering(nn.Module):
    """HGCAL superclustering: 17-100-200-100-1 behind a scaler, sigmoid."""

    def __init__(self):
        super().__init__()
        self.register_buffer("scaler_scale", torch.ones(17))
        self.register_buffer("scaler_mean", torch.zeros(17))
        self.net = dense(17, 100, 200, 100, 1)

    def forward(self, x):
        return torch.sigmoid(self.net(x * self.scaler_scale + self.scaler_mean))


class DuplicateClassifier(nn.Module):
    """ACTS duplicate tracks: 8-10-15-10-1 behind a normalisation, sigmoid."""

    def __init__(self):
        super().__init__()
        self.normalise, self.net = Normalise(8), dense(8, 10, 15, 10, 1)

    def forward(self, x):
        return torch.sigmoid(self.net(self.normalise(x)))


class DeepSets(nn.Module):
    """phi per particle, masked mean, rho."""

    def __init__(self, features=16, width=64, classes=5):
        super().__init__()
        self.phi = dense(features, width, width, width, last=True)
        self.rho = dense(width, width, width, classes)

    def forward(self, features, mask):
        weight = mask.unsqueeze(2)
        pooled = (self.phi(features) * weight).sum(1) / weight.sum(1).clamp(min=1)
        return self.rho(pooled).softmax(1)


class Par04Decoder(nn.Module):
    """Decoder of the Geant4 Par04 VAE: 14 -> 14, 20, 50, 100 (LeakyReLU, BatchNorm) -> 40,500 sigmoid."""

    def __init__(self):
        super().__init__()
        layers, sizes = [], (14, 14, 20, 50, 100)
        for a, b in zip(sizes, sizes[1:]):
            layers += [nn.Linear(a, b), nn.LeakyReLU(0.2), nn.BatchNorm1d(b)]
        self.net = nn.Sequential(*layers, nn.Linear(100, 45 * 50 * 18))

    def forward(self, latent, energy, angle, geometry):
        return torch.sigmoid(self.net(torch.cat([latent, energy, angle, geometry], 1)))


class ConcatSquash(nn.Module):
    """Linear(x) * sigmoid(gate(context)) + bias(context)"""

    def __init__(self, n_in, n_out, n_context):
        super().__init__()
        self.layer = nn.Linear(n_in, n_out)
        self.gate, self.shift = nn.Linear(n_context, n_out), nn.Linear(n_context, n_out, bias=False)

    def forward(self, context, x):
        return self.layer(x) * torch.sigmoid(self.gate(context)) + self.shift(context)


class PointWiseNet(nn.Module):
    """CaloClouds II: one step of the denoiser on a cloud of points."""

    def __init__(self):
        super().__init__()
        sizes = (4, 128, 256, 512, 256, 128, 4)
        self.layers = nn.ModuleList(ConcatSquash(a, b, 5) for a, b in zip(sizes, sizes[1:]))

    def forward(self, points, time, condition):
        t = time.reshape(-1, 1, 1)
        context = torch.cat([t, torch.sin(t), torch.cos(t), condition.unsqueeze(1)], 2)
        x = points
        for i, layer in enumerate(self.layers):
            x = layer(context, x)
            x = F.leaky_relu(x) if i + 1 < len(self.layers) else x
        return points + x


BATCH = {"batch": (1, 4096)}


def batched(name, model, width, output, opset=17, **more):
    return Entry(name, model, (Port("x", ("batch", width)),), (output,), BATCH,
                 ({"batch": 1}, {"batch": 7}, {"batch": 256}), opset=opset, **more)


ENTRIES = [
    batched("jet_mlp", JetMLP, 16, "probabilities"),
    batched("axol1tl", Axol1tl, 57, "score"),
    batched("superclustering", Superclustering, 17, "score", opset=10),
    batched("acts_duplicate", DuplicateClassifier, 8, "score", opset=14),
    Entry("deepsets", DeepSets,
          (Port("features", ("batch", "n_part", 16), particles=1), Port("mask", ("batch", "n_part"), "mask", particles=1)),
          ("probabilities",), {"batch": (1, 256), "n_part": (0, 128)},
          ({"batch": 1, "n_part": 32}, {"batch": 3, "n_part": 5}, {"batch": 1, "n_part": 0}), ("masked mean",)),
    Entry("par04_vae", Par04Decoder,
          (Port("latent", ("batch", 10)), Port("energy", ("batch", 1), "uniform"), Port("angle", ("batch", 1), "uniform"),
           Port("geometry", ("batch", 2), "uniform")),
          ("voxels",), {"batch": (1, 64)}, ({"batch": 1}, {"batch": 3}), ("BatchNormalization after Linear",)),
    Entry("pointwise_net", PointWiseNet,
          (Port("points", ("batch", "n_points", 4)), Port("time", ("batch",), "uniform"),
           Port("condition", ("batch", 2), "uniform")),
          ("noise",), {"batch": (1, 16), "n_points": (0, 6000)},
          ({"batch": 1, "n_points": 1000}, {"batch": 2, "n_points": 33}, {"batch": 1, "n_points": 0})),
]
