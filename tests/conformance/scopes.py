"""What a case of the ONNX backend tests asks for: the first rule that applies names its scope.

  python tests/conformance/scopes.py DATA      how many cases of DATA/*/ are in each scope
"""
import collections
import pathlib
import sys

import onnx
from onnx import TensorProto

MUST = ("core", "shape operands")
OUT = ("training", "random", "no tensors", "images")
LOW = {getattr(TensorProto, n) for n in ("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT8E8M0", "FLOAT4E2M1", "UINT4", "INT4", "UINT2", "INT2")}
HALF = {TensorProto.FLOAT16, TensorProto.BFLOAT16}
REDUCTIONS = [f"Reduce{n}" for n in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")]
# Operator -> inputs whose elements give sizes or axes.
SIZES = {n: [1] for n in ("Reshape", "Expand", "Tile", "Upsample", "TopK", "OneHot", "Squeeze", "Unsqueeze", "Split", "CumSum", "CumProd", "CenterCropPad", "AffineGrid", *REDUCTIONS)}
SIZES |= {n: [0] for n in ("ConstantOfShape", "HannWindow", "HammingWindow", "BlackmanWindow")}
SIZES |= {"Range": [0, 1, 2], "Slice": [1, 2, 3, 4], "Pad": [1, 3], "Resize": [2, 3], "MaxUnpool": [2], "Col2Im": [1, 2], "DFT": [1, 2], "STFT": [1, 3],
          "MelWeightMatrix": [0, 1, 2, 3, 4]}


def nodes_of(graph):
    for node in graph.node:
        yield node
        for a in node.attribute:
            for g in [*a.graphs, *([a.g] if a.HasField("g") else [])]:
                yield from nodes_of(g)


def trains(nodes):
    return any(n.domain.startswith("ai.onnx.preview.training") or n.op_type == "Gradient" or (n.op_type == "Dropout" and len(n.input) > 2 and n.input[2]) or
               any(a.name == "training_mode" and a.i for a in n.attribute) for n in nodes)


def no_tensors(nodes, values):
    kinds = ("Sequence", "Optional", "String")
    named = ("SplitToSequence", "ConcatFromSequence", "RegexFullMatch", "TfIdfVectorizer")
    return any(not v.type.HasField("tensor_type") or v.type.tensor_type.elem_type == TensorProto.STRING for v in values) or any(
        n.op_type.startswith(kinds) or n.op_type in named for n in nodes)


def scope(model):
    graph = model.graph
    nodes = [*nodes_of(graph), *(n for f in model.functions for n in f.node)]
    constants = {i.name for i in graph.initializer} | {n.output[0] for n in nodes if n.op_type == "Constant"}
    values = [v for v in [*graph.input, *graph.output] if v.name not in {i.name for i in graph.initializer}]
    operators, types = {n.op_type for n in nodes}, {v.type.tensor_type.elem_type for v in values}
    given = {v.name for v in graph.input} - constants
    rules = [("training", trains(nodes)),
             ("random", operators & {"RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Multinomial", "Bernoulli"}),
             ("no tensors", no_tensors(nodes, values)), ("images", "ImageDecoder" in operators),
             ("ai.onnx.ml", any(n.domain == "ai.onnx.ml" for n in nodes)), ("low precision", types & LOW), ("half precision", types & HALF),
             ("control flow", operators & {"If", "Loop", "Scan"}), ("sizes from data", operators & {"NonZero", "Unique", "Compress", "NonMaxSuppression"}),
             ("shape operands", any(n.input[k] in given for n in nodes for k in SIZES.get(n.op_type, []) if k < len(n.input))),
             ("opsets below 7", any(o.version < 7 for o in model.opset_import if o.domain in ("", "ai.onnx")))]
    return next((name for name, applies in rules if applies), "core")


def main():
    folders = pathlib.Path(sys.argv[1]).glob("*/*/model.onnx")
    counts = collections.Counter(scope(onnx.load(str(p), load_external_data=False)) for p in folders)
    for name, count in counts.most_common():
        print(f"{count:5} {name}")


if __name__ == "__main__":
    main()
