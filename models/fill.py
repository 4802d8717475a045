"""Rebuilds the loadable .onnx files of the zoo: python -m models.fill OUT_DIR [NAME...]   (needs numpy and onnx only)"""
import argparse
import json
import pathlib

import onnx

from . import seeded

HERE = pathlib.Path(__file__).resolve().parent


def listing():
    """The rows of zoo.json."""
    return json.loads((HERE / "zoo.json").read_text())["models"]


def fill_all(out, names=()):
    """Writes OUT/FILE for each row whose name or file is in names (all, when empty); returns the rows written."""
    out.mkdir(parents=True, exist_ok=True)
    rows = [r for r in listing() if not names or r["name"] in names or r["file"] in names]
    for row in rows:
        target = out / row["file"]
        partial = target.with_suffix(".part")
        onnx.save(seeded.fill(onnx.load(HERE / "zoo" / row["file"])), partial)
        partial.replace(target)
    return rows


def main():
    parser = argparse.ArgumentParser(prog="models.fill", description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    for row in fill_all(args.out, args.names):
        print(args.out / row["file"])


if __name__ == "__main__":
    main()
