"""Equal networks give equal files: tensors and nodes renamed, weights as initializers or as Constant nodes."""
import pathlib
import re
import subprocess
import tempfile

import onnx

NAME = re.compile(r"(?:gen|ren)_[a-z]\d{3}")
HASHES = re.compile(rb'"checksum":"[0-9a-f]{16}"|[0-9a-f]{64}')      # of the model file, and the checksum of a header with them


def renamed(model):
    """Each generated name as another one of the same length, in another order; and the way back."""
    text = model.SerializeToString()
    names = sorted(set(NAME.findall(text.decode("latin-1"))))
    other = {n: f"ren_{m[4:]}" for n, m in zip(names, reversed(names))}
    swap = lambda match: other[match.group().decode()].encode()
    out = onnx.ModelProto.FromString(re.sub(NAME.pattern.encode(), swap, text))
    return out, {v: k for k, v in other.items()}


def compiled(inferc, model, folder):
    """{file: bytes} without hashes."""
    folder.mkdir()
    onnx.save(model, folder / "net.onnx")
    done = subprocess.run([inferc, "compile", folder / "net.onnx", "--isa", "base", "-o", folder / "out"], capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {p.name: HASHES.sub(b"hash", p.read_bytes()) for p in sorted((folder / "out").iterdir())}


def unequal(a, b, files):
    return [f for f in files if a.get(f) != b.get(f)]


def check(inferc, network):
    """None, or what differs."""
    model = network.model()
    other, back = renamed(model)
    restore = lambda data: re.sub(NAME.pattern.encode(), lambda m: back.get(m.group().decode(), m.group().decode()).encode(), data)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        ours = compiled(inferc, model, folder / "as_is")
        theirs = {f: restore(data) for f, data in compiled(inferc, other, folder / "renamed").items()}
        if different := unequal(ours, theirs, ours.keys() | theirs.keys()):
            return f"other names change more than names in {', '.join(sorted(different))}"
        everything = frozenset(network.constants)
        nodes, initializers = (compiled(inferc, network.model(s), folder / w) for s, w in ((everything, "nodes"), (frozenset(), "initializers")))
        if different := unequal(nodes, initializers, ["net.weights", "net_body.hpp"]):
            return f"weights as Constant nodes or initializers change {', '.join(different)}"
    return None
