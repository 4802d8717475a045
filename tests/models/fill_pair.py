"""Every export of a zoo model with seeded weights, and inputs at the smallest sizes that are no special case:

  python tests/models/fill_pair.py OUT_DIR NAME     (exit 77 where numpy or onnx are not installed)

writes NAME.EXPORTER.onnx for each exporter, and inputs.npz.
"""
import pathlib
import sys

try:
    import numpy as np
    import onnx  # noqa: F401
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
from models import fill, inputs  # noqa: E402

out, name = pathlib.Path(sys.argv[1]), sys.argv[2]
rows = fill.fill_all(out, [name])
shared = [s for s in rows[0]["sizes"] if all(s in r["sizes"] for r in rows)]
usual = [s for s in shared if all(n > 1 for key, n in s.items() if key not in ("batch", "N", "batch_size"))] or shared
smallest = min(usual, key=lambda s: np.prod([float(n) for n in s.values()]))
np.savez(out / "inputs.npz", **inputs.feed(rows[0], smallest))
