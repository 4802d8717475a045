"""Fast calorimeter simulation: one network call of CaloDiffusion and of CaloDREAM."""
import math

import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import SelfAttention, dense


def wrap(x, pad=1):
    """Circular padding of axis 3 (phi) of [n, c, z, phi, r]."""
    return torch.cat([x[:, :, :, -pad:], x, x[:, :, :, :pad]], 3)


class CylinderConv(nn.Module):
    """Convolution that wraps around in phi and pads zeros in z and r."""

    def __init__(self, n_in, n_out, kernel=(3, 3, 3), stride=1):
        super().__init__()
        self.conv = nn.Conv3d(n_in, n_out, kernel, stride, padding=(1, 0, 1))

    def forward(self, x):
        return self.conv(wrap(x))


class CylinderUp(nn.Module):
    """Transposed convolution, stride 2; `extra` is what the division by 2 lost on the way down."""

    def __init__(self, width, extra):
        super().__init__()
        self.conv = nn.ConvTranspose3d(width, width, (3, 4, 4), 2, padding=(1, 3, 1), output_padding=extra)

    def forward(self, x):
        return self.conv(wrap(x))


class Block(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.conv, self.norm = CylinderConv(n_in, n_out), nn.GroupNorm(8, n_out)

    def forward(self, x):
        return F.silu(self.norm(self.conv(x)))


class Resnet(nn.Module):
    def __init__(self, n_in, n_out, condition=128):
        super().__init__()
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(condition, n_out))
        self.block1, self.block2 = Block(n_in, n_out), Block(n_out, n_out)
        self.shortcut = nn.Conv3d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x, condition):
        h = self.block1(x) + self.condition(condition)[:, :, None, None, None]
        return self.block2(h) + self.shortcut(x)


class LinearAttention(nn.Module):
    """Residual, behind a GroupNorm over all channels: softmax of q over the head, of k over the voxels, two einsums."""

    def __init__(self, width, size=32):
        super().__init__()
        self.size, self.norm = size, nn.GroupNorm(1, width)
        self.qkv = nn.Conv3d(width, 3 * size, 1, bias=False)
        self.out = nn.Sequential(nn.Conv3d(size, width, 1), nn.GroupNorm(1, width))

    def forward(self, x):
        n, _, z, phi, r = x.shape
        q, k, v = (t.reshape(n, 1, self.size, z * phi * r) for t in self.qkv(self.norm(x)).chunk(3, 1))
        q, k = q.softmax(-2) * self.size**-0.5, k.softmax(-1)
        context = torch.einsum("bhdn,bhen->bhde", k, v)
        out = torch.einsum("bhde,bhdn->bhen", context, q)
        return self.out(out.reshape(n, self.size, z, phi, r)) + x


def lost_by_halving(shape):
    """Per level: output padding of the way up, in z, phi, r."""
    extra = []
    for _ in range(2):
        down = [(shape[0] - 1) // 2 + 1, (shape[1] - 2) // 2 + 1, (shape[2] - 2) // 2 + 1]
        up = [2 * down[0] - 1, 2 * down[1], 2 * down[2]]
        extra.append(tuple(s - u for s, u in zip(shape, up)))
        shape = down
    return extra


class CaloDiffusion(nn.Module):
    """U-Net, three levels: predicted noise of one step."""

    def __init__(self, channels, shape, sizes=(16, 16, 16, 32)):
        super().__init__()
        pairs, extra = list(zip(sizes, sizes[1:])), lost_by_halving(shape)
        self.time, self.energy = (dense(1, 32, 64, 64, act=nn.GELU) for _ in range(2))
        self.first = CylinderConv(channels, sizes[0])
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, (a, b) in enumerate(pairs):
            step = CylinderConv(b, b, (3, 4, 4), 2) if level < 2 else nn.Identity()
            self.down.append(nn.ModuleList([Resnet(a, b), Resnet(b, b), LinearAttention(b), step]))
        self.middle1, self.attention, self.middle2 = Resnet(sizes[-1], sizes[-1]), LinearAttention(sizes[-1]), Resnet(sizes[-1], sizes[-1])
        for level, (a, b) in enumerate(reversed(pairs)):
            step = CylinderUp(a, extra[1 - level]) if level < 2 else nn.Identity()
            self.up.append(nn.ModuleList([Resnet(2 * b, a), Resnet(a, a), LinearAttention(a), step]))
        self.last, self.out = Resnet(sizes[0], sizes[0]), nn.Conv3d(sizes[0], 1, 1)

    def forward(self, x, energy, time):
        condition = torch.cat([self.time(time.unsqueeze(1)), self.energy(energy.unsqueeze(1))], 1)
        x, kept = self.first(x), []
        for first, second, attention, step in self.down:
            x = attention(second(first(x, condition), condition))
            kept.append(x)
            x = step(x)
        x = self.middle2(self.attention(self.middle1(x, condition)), condition)
        for first, second, attention, step in self.up:
            x = torch.cat([x, kept.pop()], 1)
            x = step(attention(second(first(x, condition), condition)))
        return self.out(self.last(x, condition))


def modulate(x, shift, scale):
    return x * (1 + scale.unsqueeze(1)) + shift.unsqueeze(1)


class AdaptiveBlock(nn.Module):
    """adaLN-Zero: shift, scale and gate of both halves from the condition."""

    def __init__(self, width, heads):
        super().__init__()
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.attention = SelfAttention(width, heads)
        self.feed = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c, mask):
        shift0, scale0, gate0, shift1, scale1, gate1 = self.condition(c).chunk(6, 1)
        x = x + gate0.unsqueeze(1) * self.attention(modulate(self.norm(x), shift0, scale0), mask)
        return x + gate1.unsqueeze(1) * self.feed(modulate(self.norm(x), shift1, scale1))


class CaloDream(nn.Module):
    """Velocity of the flow on patches (3, 4, 1) of a 45 x 16 x 9 shower; a patch sees its own and earlier layers."""

    def __init__(self, shape=(45, 16, 9), patch=(3, 4, 1), width=96, heads=6, depth=6, condition=46):
        super().__init__()
        self.grid, self.patch, self.width = [s // p for s, p in zip(shape, patch)], patch, width
        tokens, volume = math.prod(self.grid), math.prod(patch)
        self.register_buffer("layer", (torch.arange(tokens) // (self.grid[1] * self.grid[2])).float(), persistent=False)
        self.register_buffer("frequency", torch.exp(-math.log(1e4) * torch.arange(32) / 32), persistent=False)
        self.embed, self.position = nn.Linear(volume, width), nn.Parameter(torch.zeros(1, tokens, width))
        self.time, self.condition = dense(64, width, width, act=nn.SiLU), dense(condition, width, width, act=nn.SiLU)
        self.blocks = nn.ModuleList(AdaptiveBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width, elementwise_affine=False, eps=1e-6)
        self.final, self.out = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width)), nn.Linear(width, volume)

    def patches(self, x):
        (a, b, c), (p, q, r) = self.grid, self.patch
        return x.reshape(-1, a, p, b, q, c, r).permute(0, 1, 3, 5, 2, 4, 6).reshape(-1, a * b * c, p * q * r)

    def voxels(self, x):
        (a, b, c), (p, q, r) = self.grid, self.patch
        return x.reshape(-1, a, b, c, p, q, r).permute(0, 1, 4, 2, 5, 3, 6).reshape(-1, 1, a * p, b * q, c * r)

    def forward(self, x, time, condition):
        phase = time * self.frequency
        c = self.time(torch.cat([torch.cos(phase), torch.sin(phase)], 1)) + self.condition(condition)
        mask = self.layer.unsqueeze(0) <= self.layer.unsqueeze(1)
        tokens = self.embed(self.patches(x)) + self.position
        for block in self.blocks:
            tokens = block(tokens, c, mask)
        shift, scale = self.final(c).chunk(2, 1)
        return self.voxels(self.out(modulate(self.norm(tokens), shift, scale)))


def diffusion(name, channels, shape):
    return Entry(name, lambda: CaloDiffusion(channels, shape),
                 (Port("x", ("batch", channels, *shape)), Port("energy", ("batch",), "uniform"), Port("time", ("batch",), "uniform")),
                 ("noise",), {"batch": (1, 8)}, ({"batch": 1}, {"batch": 2}),
                 ("GroupNormalization", "SiLU", "GELU", "circular pad and Conv", "linear attention"), 17)


ENTRIES = [
    diffusion("calodiffusion_ds1", 4, (5, 10, 30)),
    diffusion("calodiffusion_ds2", 3, (45, 16, 9)),
    Entry("calodream_vit", CaloDream,
          (Port("x", ("batch", 1, 45, 16, 9)), Port("time", ("batch", 1), "uniform"), Port("condition", ("batch", 46), "uniform")),
          ("velocity",), {"batch": (1, 8)}, ({"batch": 1}, {"batch": 2}),
          ("LayerNormalization", "GELU tanh", "SiLU", "attention", "adaLN"), 17),
]
