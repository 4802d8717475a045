"""Graph networks: HGCAL TICL linking, interaction network for tracking."""
import torch
from torch import nn
from torch.nn import functional as F

from .entry import Entry, Port
from .layers import dense


def scatter_add(x, index, rows):
    """Sum of the rows of x by index; [e, h] -> [rows, h]"""
    return torch.zeros(rows, x.shape[1]).scatter_add(0, index.unsqueeze(1).expand(-1, x.shape[1]), x)


class EdgeConv(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.message = dense(2 * h, 2 * h, h, last=True)
        self.shortcut = nn.Linear(h, h)

    def forward(self, x, source, target, attention):
        centre = x[target]
        message = self.message(torch.cat([centre, x[source] - centre], 1)) * attention
        return F.relu(scatter_add(message, target, x.shape[0]) + self.shortcut(x))


class TiclGnn(nn.Module):
    """Edge and node MLPs, two sigmoid attentions, k EdgeConvs over {self, i to j, j to i}, edge classifier."""

    def __init__(self, h, k):
        super().__init__()
        self.register_buffer("edge_std", torch.ones(5))
        self.edge = dense(5, h, h, act=nn.LeakyReLU, last=True)
        self.direct, self.reverse = (dense(h, h, 1, act=nn.LeakyReLU) for _ in range(2))
        self.node = dense(29, h, h, act=nn.LeakyReLU, last=True)
        self.convs = nn.ModuleList(EdgeConv(h) for _ in range(k))
        self.pair, self.score = dense(3 * h + 5, h, h, act=nn.LeakyReLU, last=True), dense(h, h, 1, act=nn.LeakyReLU)

    def forward(self, node_features, edge_features, edge_index):
        i, j = edge_index[0], edge_index[1]
        scaled = (edge_features + 1e-4) / self.edge_std
        edge, x = self.edge(scaled), self.node(node_features)
        own = torch.arange(x.shape[0])
        source, target = torch.cat([own, i, j]), torch.cat([own, j, i])
        attention = torch.cat([torch.ones(x.shape[0], 1), torch.sigmoid(self.direct(edge)), torch.sigmoid(self.reverse(edge))])
        for conv in self.convs:
            x = conv(x, source, target, attention)
        return torch.sigmoid(self.score(self.pair(torch.cat([x[i], x[j], edge, scaled], 1)))).squeeze(1)


def block(*sizes):
    """Three linear layers with LayerNorm and ReLU between, ReLU at the end."""
    layers = [layer for a, b in zip(sizes, sizes[1:]) for layer in (nn.Linear(a, b), nn.LayerNorm(b), nn.ReLU())]
    return nn.Sequential(*layers[:-2], nn.ReLU())


class InteractionGnn(nn.Module):
    """Residual edge and node updates, eight times."""

    def __init__(self, node=12, edge=6, h=128, iterations=8):
        super().__init__()
        self.node, self.edge = block(node, h, h, h), block(edge, h, h, h)
        self.edges = nn.ModuleList(block(3 * h, h, h, h) for _ in range(iterations))
        self.nodes = nn.ModuleList(block(3 * h, h, h, h) for _ in range(iterations))
        self.decoder, self.score = block(h, h, h), dense(h, h, 1)

    def forward(self, node_features, edge_features, edge_index):
        source, target = edge_index[0], edge_index[1]
        n, e = self.node(node_features), self.edge(edge_features)
        for update_edge, update_node in zip(self.edges, self.nodes):
            e = e + update_edge(torch.cat([e, n[source], n[target]], 1))
            sums = [scatter_add(e, index, n.shape[0]) for index in (target, source)]
            n = n + update_node(torch.cat([*sums, n], 1))
        return self.score(self.decoder(e)).squeeze(1)


def graph(name, model, nodes, edges, sizes, limits, composites, gain=1.0):
    return Entry(name, model, (Port("node_features", ("n_nodes", nodes)), Port("edge_features", ("n_edges", edges), "uniform"),
                               Port("edge_index", (2, "n_edges"), "index:n_nodes", "int64")),
                 ("score",), dict(zip(("n_nodes", "n_edges"), limits)),
                 tuple({"n_nodes": n, "n_edges": e} for n, e in sizes), composites, 18, gain=gain)


SIZES, LIMITS = ((1000, 5000), (100, 500), (7, 11), (1, 0)), ((1, 100000), (0, 500000))
ENTRIES = [
    graph("ticl_gnn_h32_k2", lambda: TiclGnn(32, 2), 29, 5, SIZES, LIMITS, ("EdgeConv", "segment sum")),
    graph("ticl_gnn_h64_k4", lambda: TiclGnn(64, 4), 29, 5, SIZES, LIMITS, ("EdgeConv", "segment sum"), 0.7),
    graph("interaction_gnn", InteractionGnn, 12, 6, ((200, 1000), (30, 100), (1, 0)), LIMITS,
          ("LayerNormalization", "segment sum", "Linear over concat of gathers")),
]
