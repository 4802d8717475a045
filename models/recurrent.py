"""DeepFlavour and DeepDoubleX: 1x1 convolutions, a recurrent layer per collection, dense layers.

The published files come from Keras: recurrent layers run in reverse, DeepDoubleX's GRU has HardSigmoid gates, which PyTorch lacks. The
TorchScript export writes such layers as ONNX has them (direction = reverse, activations); the other exporter unrolls no loop but
flips the sequence and uses PyTorch's layer where one exists.
"""
import torch
from torch import nn

from .entry import Entry, Port


class ReverseLSTM(torch.autograd.Function):
    """Last state of an LSTM that runs from the end; x [t, n, c], gates i o f c -> [1, n, size]."""

    @staticmethod
    def forward(ctx, x, w, r, b, size):
        wb, rb = b[0].split(4 * size)
        state = cell = x.new_zeros(x.shape[1], size)
        for step in x.flip(0).unbind(0):
            i, o, f, c = (step @ w[0].T + wb + state @ r[0].T + rb).split(size, 1)
            cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(c)
            state = torch.sigmoid(o) * torch.tanh(cell)
        return state.unsqueeze(0)

    @staticmethod
    def symbolic(g, x, w, r, b, size):
        return g.op("LSTM", x, w, r, b, direction_s="reverse", hidden_size_i=size, outputs=3)[1]


class ReverseGRU(torch.autograd.Function):
    """Last state of a GRU with HardSigmoid gates (alpha 0.2, beta 0.5) that runs from the end; linear_before_reset = 0."""

    @staticmethod
    def forward(ctx, x, w, r, b, size):
        state, gate = x.new_zeros(x.shape[1], size), lambda t: (0.2 * t + 0.5).clamp(0, 1)
        wb, rb = b[0].split(3 * size)
        rz, rr, rh = r[0].split(size)
        bz, br, bh = rb.split(size)
        for step in x.flip(0).unbind(0):
            zx, rx, hx = (step @ w[0].T + wb).split(size, 1)
            z, reset = gate(zx + state @ rz.T + bz), gate(rx + state @ rr.T + br)
            state = (1 - z) * torch.tanh(hx + (reset * state) @ rh.T + bh) + z * state
        return state.unsqueeze(0)

    @staticmethod
    def symbolic(g, x, w, r, b, size):
        return g.op("GRU", x, w, r, b, direction_s="reverse", hidden_size_i=size, linear_before_reset_i=0,
                    activations_s=["HardSigmoid", "Tanh"], activation_alpha_f=[0.2], activation_beta_f=[0.5], outputs=2)[1]


class Recurrent(nn.Module):
    """Keras's recurrent layer on [n, c, t]: last state, backwards."""

    def __init__(self, function, gates, n_in, size):
        super().__init__()
        self.function, self.size = function, size
        self.w, self.r = nn.Parameter(torch.zeros(1, gates * size, n_in)), nn.Parameter(torch.zeros(1, gates * size, size))
        self.bias = nn.Parameter(torch.zeros(1, 2 * gates * size))

    def forward(self, x):
        return self.function.apply(x.permute(2, 0, 1), self.w, self.r, self.bias, self.size)


class LastState(nn.Module):
    """nn.LSTM on the flipped sequence of [n, c, t]."""

    def __init__(self, n_in, size):
        super().__init__()
        self.lstm = nn.LSTM(n_in, size, batch_first=True)

    def forward(self, x):
        return self.lstm(x.transpose(1, 2).flip(1))[1][0]


def stack(sizes, last_norm):
    """BatchNorm, then [1x1 convolution, ReLU, BatchNorm] with the last norm left out on demand."""
    layers = [nn.BatchNorm1d(sizes[0], eps=1e-6)]
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Conv1d(a, b, 1), nn.ReLU(), nn.BatchNorm1d(b, eps=1e-6)]
    return nn.Sequential(*(layers if last_norm else layers[:-1]))


class DeepFlavour(nn.Module):
    """Keras=True: reverse LSTM nodes; else nn.LSTM on flipped input, as the Run-3 export has it."""

    def __init__(self, keras=True):
        super().__init__()
        lstm = (lambda a, h: Recurrent(ReverseLSTM, 4, a, h)) if keras else LastState
        self.whole = nn.BatchNorm1d(15, eps=1e-6)
        self.cpf, self.npf = stack((16, 64, 32, 32, 8), False), stack((6, 32, 16, 4), False)
        self.vtx = stack((12, 64, 32, 32, 8), False)
        self.lstms = nn.ModuleList([lstm(8, 150), lstm(4, 50), lstm(8, 50)])
        self.norms = nn.ModuleList(nn.BatchNorm1d(h, eps=1e-6) for h in (150, 50, 50))
        widths = (265, 200) + 7 * (100,)
        self.fc = nn.Sequential(*(layer for a, b in zip(widths, widths[1:])
                                  for layer in (nn.Linear(a, b), nn.ReLU(), nn.BatchNorm1d(b, eps=1e-6))), nn.Linear(100, 6))

    def forward(self, input_0, input_1, input_2, input_3):
        collections = zip((self.cpf, self.npf, self.vtx), self.lstms, self.norms, (input_1, input_2, input_3))
        states = [norm(lstm(conv(x.transpose(1, 2))).squeeze(0)) for conv, lstm, norm, x in collections]
        return self.fc(torch.cat([self.whole(input_0), *states], 1)).softmax(-1)


class DeepDoubleX(nn.Module):
    def __init__(self):
        super().__init__()
        self.whole = nn.BatchNorm1d(5, eps=1e-6)
        self.convs = nn.ModuleList(nn.Sequential(
            nn.BatchNorm1d(c, eps=1e-6), nn.Conv1d(c, 32, 1, bias=False), nn.ReLU(), nn.Conv1d(32, 32, 1, bias=False), nn.ReLU())
            for c in (8, 21, 7))
        self.grus = nn.ModuleList(Recurrent(ReverseGRU, 3, 32, 50) for _ in range(3))
        self.fc = nn.Sequential(nn.Linear(155, 100), nn.ReLU(), nn.Linear(100, 2))

    def forward(self, input_1, input_2, input_3, input_4):
        whole = self.whole(input_1.transpose(1, 2)).transpose(1, 2).flatten(1)
        states = [gru(conv(x.transpose(1, 2))).transpose(0, 1).reshape(-1, 50)
                  for conv, gru, x in zip(self.convs, self.grus, (input_2, input_3, input_4))]
        return self.fc(torch.cat([whole, *states], 1)).softmax(-1)


SIZES = ({"N": 1}, {"N": 5})
FLAVOUR = (Port("input_0", ("N", 15)), Port("input_1", ("N", 25, 16), particles=1), Port("input_2", ("N", 25, 6), particles=1),
           Port("input_3", ("N", 4, 12), particles=1))
DOUBLE = (Port("input_1", ("N", 1, 5)), Port("input_2", ("N", 60, 8), particles=1), Port("input_3", ("N", 40, 21), particles=1),
          Port("input_4", ("N", 5, 7), particles=1))
COMPOSITES = ("BatchNormalization before Conv", "BatchNormalization before Gemm", "LSTM")
ENTRIES = [
    Entry("deepflavour_hlt", DeepFlavour, FLAVOUR, ("ID_pred",), {"N": (1, 64)}, SIZES, COMPOSITES, 13, ("torchscript",),
          note="shape-alike of CMS DeepFlavour for HLT; LSTM nodes with direction = reverse"),
    Entry("deepflavour_run3", lambda: DeepFlavour(keras=False), FLAVOUR, ("ID_pred",), {"N": (1, 64)}, SIZES, COMPOSITES, 13,
          note="the same layers as PyTorch exports them: flipped input"),
    Entry("deepdoublex", DeepDoubleX, DOUBLE, ("ID_pred",), {"N": (1, 64)}, SIZES,
          ("BatchNormalization before Conv", "GRU"), 11, ("torchscript",), note="shape-alike of CMS DeepDoubleX V02"),
]
