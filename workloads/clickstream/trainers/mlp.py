"""A small network, the same for the frameworks that train one, and its form outside of them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HIDDEN = (32, 16)
"""Units of the hidden layers."""

WEIGHTS = "weights.npz"


@dataclass(frozen=True)
class Layer:
    """`rows @ weights + bias`; all layers but the last cut off what is negative."""

    weights: np.ndarray
    bias: np.ndarray


def shapes(width: int) -> list[tuple[int, int]]:
    """Inputs and outputs of each layer."""
    sizes = [width, *HIDDEN, 1]
    return list(itertools.pairwise(sizes))


def initial(width: int, seed: int) -> list[Layer]:
    """Layers to start from, the same in every framework."""
    random = np.random.default_rng(seed)
    return [
        Layer(
            random.normal(0, np.sqrt(2 / inputs), (inputs, outputs)).astype(np.float32),
            np.zeros(outputs, np.float32),
        )
        for inputs, outputs in shapes(width)
    ]


def score(layers: Sequence[Layer], rows: np.ndarray) -> np.ndarray:
    """Probabilities."""
    values = rows
    for layer in layers[:-1]:
        values = np.maximum(values @ layer.weights + layer.bias, 0)
    logits = (values @ layers[-1].weights + layers[-1].bias)[:, 0]
    # The sigmoid, in a form that does not overflow.
    return 0.5 * (1 + np.tanh(0.5 * logits))


def to_bytes(layers: Sequence[Layer]) -> bytes:
    """The layers as a NumPy archive."""
    arrays = {}
    for index, layer in enumerate(layers):
        arrays[f"weights{index}"] = layer.weights
        arrays[f"bias{index}"] = layer.bias
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def from_bytes(content: bytes) -> list[Layer]:
    """Layers that `to_bytes` wrote."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return [Layer(arrays[f"weights{index}"], arrays[f"bias{index}"]) for index in range(len(arrays.files) // 2)]
