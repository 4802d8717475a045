"""ATLAS flavour taggers: DIPS, GN2 (jet only and with auxiliary tasks). One jet per call, no batch axis, 0 tracks are legal."""
import torch
from torch import nn

from .entry import Entry, Port
from .layers import Normalise, SelfAttention, dense


def with_zero_row(x):
    """[1, n, d] -> [1, n + 1, d]: a reduction over no track then has something to reduce."""
    return torch.cat([x, torch.zeros_like(x[:, :1].sum(1, keepdim=True))], 1)


def masked_softmax(x, pad):
    """Softmax over the tracks that are no padding; [1, n, 1], pad [1, n, 1]."""
    return x.masked_fill(pad, float("-inf")).softmax(1).masked_fill(pad, 0.0)


class AttentionPooling(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gate = nn.Linear(width, 1)

    def forward(self, x, pad):
        weight = masked_softmax(self.gate(x), pad.unsqueeze(2))
        return (with_zero_row(weight) * with_zero_row(x)).sum(1)


class TrackInput(nn.Module):
    """Normalised jet and track variables side by side; the padding mask is made inside and says: none."""

    def __init__(self, jet, track):
        super().__init__()
        self.normalise_jet, self.normalise_track = Normalise(jet), Normalise(track)

    def forward(self, jet, tracks):
        jet, tracks = self.normalise_jet(jet).unsqueeze(1), self.normalise_track(tracks).unsqueeze(0)
        x = torch.cat([jet.expand(-1, tracks.shape[1], -1), tracks], 2)
        return x, torch.zeros_like(tracks[:, :, 0], dtype=torch.bool)


class Dips(nn.Module):
    """Deep sets of tracks: 23 -> 256 -> 128, attention pooling, 128-128-64-32-3."""

    def __init__(self):
        super().__init__()
        self.start = TrackInput(2, 21)
        self.phi = dense(23, 256, 128, act=nn.SiLU, last=True)
        self.pool, self.head = AttentionPooling(128), dense(128, 128, 64, 32, 3, act=nn.SiLU)

    def forward(self, jet_features, track_features):
        x, pad = self.start(jet_features, track_features)
        p = self.head(self.pool(self.phi(x), pad)).softmax(1)
        return tuple(s.reshape(()) for s in p.split(1, 1))


class EncoderLayer(nn.Module):
    """Pre-norm layer; the layer norms have no parameters."""

    def __init__(self, width=256, heads=8):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.attention, self.feed = SelfAttention(width, heads), dense(width, 2 * width, width)

    def forward(self, x, pad):
        x = x + self.attention(self.norm(x), ~pad[:, None, None, :])
        return x + self.feed(self.norm(x))


class Gn2(nn.Module):
    """21 -> 256 -> 256, four layers, 128, attention pooling, 128-128-64-32-4."""

    def __init__(self):
        super().__init__()
        self.start, self.embed = TrackInput(2, 19), dense(21, 256, 256)
        self.layers = nn.ModuleList(EncoderLayer() for _ in range(4))
        self.project, self.norm = nn.Linear(256, 128), nn.LayerNorm(128, elementwise_affine=False)
        self.pool, self.head = AttentionPooling(128), dense(128, 128, 64, 32, 4)

    def encode(self, jet_features, track_features):
        x, pad = self.start(jet_features, track_features)
        x = self.embed(x)
        for layer in self.layers:
            x = layer(x, pad)
        x = self.norm(self.project(x))
        return x, self.pool(x, pad)

    def tag(self, pooled):
        return tuple(s.reshape(()) for s in self.head(pooled).softmax(1).split(1, 1))

    def forward(self, jet_features, track_features):
        return self.tag(self.encode(jet_features, track_features)[1])


@torch.jit.script
def connected_components(linked: torch.Tensor) -> torch.Tensor:
    """Smallest index of the tracks that each track is linked to, directly or not; linked: bool [n, n]."""
    n = linked.shape[0]
    label = torch.arange(n, dtype=torch.int64)
    changed = n > 0
    while bool(changed):
        far = torch.full([n, n], n, dtype=torch.int64)
        nearest = torch.where(linked, label.unsqueeze(0).expand(n, n), far).amin(1)
        smallest = torch.minimum(nearest, label)
        changed = bool((smallest != label).any())
        label = smallest
    return label


class Gn2Aux(Gn2):
    """GN2 with the origin of each track and its vertex as further outputs."""

    def __init__(self):
        super().__init__()
        self.origin, self.vertex = dense(256, 128, 64, 32, 8), dense(384, 128, 64, 32, 1)

    def track_origin(self, x, pooled):
        n = x.shape[1]
        logits = self.origin(torch.cat([pooled.unsqueeze(1).expand(-1, n, -1), x], 2))
        return with_zero_row(logits).argmax(2)[0, :-1].to(torch.int8)

    def track_vertex(self, x, pooled):
        tracks = x[0]
        n = tracks.shape[0]
        pair = (1 - torch.eye(n)) > 0
        first, second = pair.nonzero(as_tuple=True)
        whole = pooled.expand(first.shape[0], -1)
        score = self.vertex(torch.cat([whole, tracks[first], tracks[second]], 1)).squeeze(1)
        matrix = torch.zeros(n, n).index_put((first, second), score)
        linked = torch.sigmoid((matrix + matrix.T) / 2) >= 0.5
        return connected_components(linked & pair).to(torch.int8)

    def forward(self, jet_features, track_features):
        x, pooled = self.encode(jet_features, track_features)
        return (*self.tag(pooled), self.track_origin(x, pooled), self.track_vertex(x, pooled))


def tracks(name, model, width, outputs, composites, opset, **more):
    return Entry(name, model, (Port("jet_features", (1, 2)), Port("track_features", ("n_tracks", width))), outputs,
                 {"n_tracks": (0, 40)}, tuple({"n_tracks": n} for n in (40, 15, 5, 1, 0)), composites, opset, **more)


P = ("p_b", "p_c", "p_u", "p_tau")
ENTRIES = [
    tracks("dips", Dips, 21, P[:3], ("SiLU", "attention pooling"), 17),
    tracks("gn2", Gn2, 19, P, ("LayerNormalization", "attention", "attention pooling"), 20,
           lowest={"dynamo": {"n_tracks": 1}}, note="dynamo's scaled_dot_product_attention reshapes by -1: no empty sequence"),
    tracks("gn2_aux", Gn2Aux, 19, (*P, "track_origin", "track_vertex"),
           ("LayerNormalization", "attention", "attention pooling", "pair MLP"), 20, exporters=("torchscript",), centres={"vertex.6.bias": -2.8}),
]
