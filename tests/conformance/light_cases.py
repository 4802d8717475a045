"""Case folders of the ONNX package's nine image networks ("light"), whose inputs its runner makes: element k of n is k / n.

    light_cases.py DATA OUT      DATA holds light/
"""
import math
import pathlib
import shutil
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def write_case(file, out):
    model = onnx.load(str(file))
    weights = {i.name for i in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name not in weights]
    folder = out / file.stem / "test_data_set_0"
    folder.mkdir(parents=True, exist_ok=True)
    for k, value in enumerate(inputs):
        shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
        n = math.prod(shape)
        data = (np.arange(n).reshape(shape) / n).astype(np.float32)
        (folder / f"input_{k}.pb").write_bytes(numpy_helper.from_array(data, value.name).SerializeToString())
    shutil.copy(file.parent / f"{file.stem}_output_0.pb", folder / "output_0.pb")
    shutil.copy(file, folder.parent / "model.onnx")


if __name__ == "__main__":
    for path in sorted(pathlib.Path(sys.argv[1], "light").glob("*.onnx")):
        write_case(path, pathlib.Path(sys.argv[2]))
