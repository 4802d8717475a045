"""What the zoo knows of a model beside its layers."""
from dataclasses import dataclass, field
from typing import Callable


@dataclass(frozen=True)
class Port:
    """An input: sizes or symbol names, and how to draw it (inputs.py)."""
    name: str
    shape: tuple
    kind: str = "normal"
    dtype: str = "float32"
    particles: int | None = None                    # the axis whose tail is padding


@dataclass(frozen=True)
class Entry:
    name: str
    build: Callable                                 # () -> nn.Module
    inputs: tuple
    outputs: tuple
    symbols: dict                                   # symbol -> (lower, upper)
    sizes: tuple                                    # sizes to test and to time; the first is the typical one
    composites: tuple = ()                          # what a compiler should recognise in both exports
    opset: int = 17                                 # of the TorchScript export
    exporters: tuple = ("torchscript", "dynamo")
    gain: float = 2.0**0.5                          # standard deviation of a weight times sqrt(fan in)
    centres: dict = field(default_factory=dict)     # parameter -> centre of its distribution, where the usual one decides nothing
    note: str = ""
    lowest: dict = field(default_factory=dict)      # exporter -> {symbol: lower bound} where its file stands less than the model
    later: str = ""                                 # why a compiler without control flow refuses it

    def bounds(self, exporter):
        """symbol -> (lower, upper) of one exporter's file."""
        lowest = self.lowest.get(exporter, {})
        return {s: (max(lo, lowest.get(s, lo)), hi) for s, (lo, hi) in self.symbols.items()}

    def sizes_of(self, exporter):
        bounds = self.bounds(exporter)
        return [s for s in self.sizes if all(bounds[d][0] <= n for d, n in s.items())]
