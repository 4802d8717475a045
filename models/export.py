"""Exports the zoo (needs PyTorch: requirements-zoo.txt).

  python -m models.export --list
  python -m models.export NAME [--exporter torchscript|dynamo] [-o FILE]      a loadable file
  python -m models.export --all                                                models/zoo/*.onnx, stripped, and models/zoo.json
"""
import argparse
import json
import pathlib
import tempfile
import warnings
from logging import ERROR, getLogger

import numpy as np
import onnx
import torch

from . import inputs, recipes, seeded
from .cost import mflop
from .registry import ENTRIES, EXPORTERS, SEED

getLogger("torch.onnx").setLevel(ERROR)
HERE = pathlib.Path(__file__).resolve().parent
DYNAMO_OPSET = 20


def built(entry):
    """The model with its seeded weights, and the table they came from."""
    torch.backends.mha.set_fastpath_enabled(False)                          # it has no ONNX form
    model = entry.build().eval()
    table = recipes.parameters(model, entry)
    state = model.state_dict()
    state.update({p: torch.from_numpy(seeded.draw(SEED, p, *spec)) for p, spec in table.items()})
    model.load_state_dict(state)
    return model.requires_grad_(False), table


def ports(entry):
    return [dict(name=p.name, dtype=p.dtype, shape=list(p.shape), kind=p.kind, particles=p.particles) for p in entry.inputs]


def example(entry):
    """Arguments for tracing: sizes that no other size of the model equals by accident."""
    feed = inputs.feed({"inputs": ports(entry)}, entry.sizes[1])
    return tuple(torch.from_numpy(x) for x in feed.values())


def symbolic_axes(entry):
    return {p.name: {axis: s for axis, s in enumerate(p.shape) if isinstance(s, str)} for p in entry.inputs}


def exported(entry, exporter):
    """The ONNX file of one exporter, cleaned of stack traces, and the table of its parameters."""
    model, table = built(entry)
    names = dict(input_names=[p.name for p in entry.inputs], output_names=list(entry.outputs))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        path = pathlib.Path(folder) / "model.onnx"
        if exporter == "torchscript":
            torch.onnx.export(model, example(entry), path, dynamo=False, opset_version=entry.opset, **names,
                              dynamic_axes={n: a for n, a in symbolic_axes(entry).items() if a})
        else:
            axes = symbolic_axes(entry)
            torch.onnx.export(model, example(entry), path, dynamo=True, opset_version=DYNAMO_OPSET, external_data=False,
                              verbose=False, **names, dynamic_shapes=tuple(axes[p.name] or None for p in entry.inputs))
        result = onnx.load(path)
    clean(result.graph)
    for function in result.functions:
        clean(function)
    return result, model, table


def clean(graph):
    """No stack traces, source paths or comments of the exporter; those of subgraphs neither."""
    for owner in [graph, *graph.node, *getattr(graph, "value_info", []), *getattr(graph, "initializer", []),
                  *getattr(graph, "input", []), *getattr(graph, "output", [])]:
        if not isinstance(owner, str):
            owner.ClearField("doc_string")
            if hasattr(owner, "metadata_props"):
                owner.ClearField("metadata_props")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                clean(attribute.g)


def row(entry, exporter, model):
    """One row of the listing."""
    count = sum(int(np.prod(spec[0])) for spec in recipes.parameters(entry.build(), entry).values())
    return {"name": entry.name, "exporter": exporter, "file": f"{entry.name}.{exporter}.onnx",
            "opset": next(o.version for o in model.opset_import if not o.domain), "parameters": count,
            "dims": [f"{s}={lo}..{hi}" for s, (lo, hi) in entry.bounds(exporter).items()], "sizes": entry.sizes_of(exporter),
            "mflop": mflop(model, {"inputs": ports(entry)}, entry.sizes[0]), "inputs": ports(entry), "outputs": list(entry.outputs),
            "composites": list(entry.composites), "later": entry.later, "note": entry.note}


def export_all(names):
    """Writes the stripped files and the listing; rows of models not named stay."""
    (HERE / "zoo").mkdir(exist_ok=True)
    for name in names:
        entry = ENTRIES[name]
        for exporter in entry.exporters:
            loaded, model, table = exported(entry, exporter)
            new = row(entry, exporter, loaded)
            seeded.strip(loaded, SEED, table, recipes.Finder(model, table, SEED))
            onnx.save(loaded, HERE / "zoo" / new["file"])
            list_row(new)
            print(f"{new['file']:40} opset {new['opset']:2} {len(loaded.graph.node):5} nodes {new['mflop']:9.3f} MFLOP", flush=True)


def list_row(new):
    """Puts one row into the listing; rows of models that are gone leave it."""
    listing = HERE / "zoo.json"
    rows = {r["file"]: r for r in json.loads(listing.read_text())["models"]} if listing.exists() else {}
    rows[new["file"]] = new
    order = [f"{n}.{x}.onnx" for n, e in ENTRIES.items() for x in e.exporters]
    text = ",\n".join(json.dumps(rows[f]) for f in order if f in rows)
    listing.write_text('{"seed": %d, "models": [\n%s\n]}\n' % (SEED, text))


def main():
    parser = argparse.ArgumentParser(prog="models.export", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*ENTRIES, []], metavar="NAME")
    parser.add_argument("--exporter", choices=EXPORTERS, default="torchscript")
    parser.add_argument("-o", dest="out", type=pathlib.Path)
    parser.add_argument("--all", action="store_true", help="write the committed form of all (or of the named) models")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    if args.list:
        for e in ENTRIES.values():
            print(f"{e.name:24} {'+'.join(e.exporters):20} {' '.join(f'{s}={lo}..{hi}' for s, (lo, hi) in e.symbols.items())}")
    elif args.all:
        export_all(args.names or ENTRIES)
    elif len(args.names) == 1:
        entry = ENTRIES[args.names[0]]
        if args.exporter not in entry.exporters:
            parser.error(f"{entry.name} has no {args.exporter} export: {entry.later or entry.note}")
        onnx.save(exported(entry, args.exporter)[0], args.out or pathlib.Path(f"{entry.name}.{args.exporter}.onnx"))
    else:
        parser.error("name one model, or --all, or --list")


if __name__ == "__main__":
    main()
