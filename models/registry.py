"""All entries of the zoo, in the order of the listing (needs PyTorch)."""
from . import calo, gn2, gnn, mlp, mlpf, part, particlenet, recurrent

ENTRIES = {e.name: e for family in (mlp, gn2, particlenet, part, recurrent, gnn, mlpf, calo) for e in family.ENTRIES}
EXPORTERS = ("torchscript", "dynamo")
SEED = 20261124
