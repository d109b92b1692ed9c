"""From the columns of a session to the numbers that a model sees; kept beside the model for its server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Columns = Mapping[str, np.ndarray]
"""Values of each column, all of one length."""


@dataclass(frozen=True)
class Encoding:
    """Numbers are standardised, those in `scaled` after their logarithm; a category is one number a known value."""

    scaled: Sequence[str]
    plain: Sequence[str]
    means: Sequence[float]
    deviations: Sequence[float]
    categories: Mapping[str, Sequence[str]]

    @property
    def numbers(self) -> list[str]:
        """Columns of numbers, in the order of means and deviations."""
        return [*self.scaled, *self.plain]

    @property
    def width(self) -> int:
        """Numbers a row."""
        return len(self.numbers) + sum(len(values) for values in self.categories.values())

    def encode(self, columns: Columns) -> np.ndarray:
        """Rows of numbers; a value of a category that training did not see is none of those known."""
        raw = _numbers(columns, self.scaled, self.plain)
        parts = [(raw - np.asarray(self.means)) / np.asarray(self.deviations)]
        for name, values in self.categories.items():
            column = np.asarray(columns[name], dtype=object)
            parts.append(column[:, None] == np.asarray(values, dtype=object)[None, :])
        return np.concatenate(parts, axis=1, dtype=np.float32, casting="unsafe")

    def to_json(self) -> dict[str, object]:
        """The encoding as data."""
        return {
            "scaled": list(self.scaled),
            "plain": list(self.plain),
            "means": list(self.means),
            "deviations": list(self.deviations),
            "categories": {name: list(values) for name, values in self.categories.items()},
        }


def fit_encoding(columns: Columns, scaled: Sequence[str], plain: Sequence[str], categories: Sequence[str]) -> Encoding:
    """The encoding that the rows of the training part ask for."""
    numbers = _numbers(columns, scaled, plain)
    deviations = numbers.std(axis=0)
    return Encoding(
        scaled=scaled,
        plain=plain,
        means=numbers.mean(axis=0).tolist(),
        # A column that never changes says nothing, and must not divide by nothing.
        deviations=np.where(deviations > 0, deviations, 1.0).tolist(),
        categories={name: sorted({str(value) for value in columns[name]}) for name in categories},
    )


def encoding_from_json(data: Mapping[str, object]) -> Encoding:
    """An encoding that `to_json` wrote."""
    return Encoding(**data)  # type: ignore[arg-type]


def _numbers(columns: Columns, scaled: Sequence[str], plain: Sequence[str]) -> np.ndarray:
    logarithms = [np.log1p(np.asarray(columns[name], dtype=np.float64)) for name in scaled]
    return np.stack([*logarithms, *(np.asarray(columns[name], dtype=np.float64) for name in plain)], axis=1)
