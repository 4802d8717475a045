"""Networks trained by PQuantML as one ONNX file without loss.

    model = pquant.apply_final_compression(model)      # PyTorch: and .eval()
    inferc.pquant.export(model, example, "tagger.onnx")

PQuantML's own ONNX files change the rounding (RND becomes half-even), the overflow (WRAP becomes SAT) and widths over 8 bits, so
they are not the trained function. This file is, in every ONNX runtime: integer weights with DequantizeLinear, and each quantiser a
call of a model-local function `inferc.fixed::Quantize_<ROUNDING>_<OVERFLOW>(x, scale, low, high)` with a body of standard
operators. inferc recognises the functions and computes in integers.

Needs numpy and onnx; pquant-ml with PyTorch or Keras is where the model comes from.
"""
from __future__ import annotations

import os
from typing import Any

from .description import Description, Unsupported
from .onnx_file import build, quantiser

__all__ = ["Description", "Unsupported", "build", "describe", "export", "quantiser"]


def describe(model: Any, example: Any = None) -> Description:
    """What a trained and finally compressed model computes. Raises Unsupported with everything that cannot be said.

    `example`: for PyTorch the inputs of one call, a tensor or a tuple of them, batch first; Keras models know their shapes.
    """
    kinds = {base.__module__.split(".")[0] for base in type(model).__mro__}
    if "keras" in kinds:  # on PyTorch as its backend it is a torch.nn.Module, too
        from . import keras_model
        return keras_model.describe(model)
    if "torch" in kinds:
        from . import torch_model
        if example is None:
            raise TypeError("a PyTorch model needs example inputs: export(model, example, path)")
        return torch_model.describe(model, example if isinstance(example, tuple) else (example,))
    raise TypeError(f"{type(model).__name__} is neither a torch.nn.Module nor a keras.Model")


def export(model: Any, example: Any, path: str | os.PathLike[str]) -> None:
    """Writes the model to `path`. Raises Unsupported with all problems at once; nothing is written then."""
    import onnx
    onnx.save_model(build(describe(model, example)), os.fspath(path))
