"""Checkpoints of a training, kept in the object store until it ends."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from trainers import store
from trainers.outcome import TrainerError

MOST_STARTS = 7
"""Starts after which a training counts as one that cannot end. A killed process makes all start again: one start."""


@dataclass(frozen=True)
class Checkpoints:
    """One checkpoint at a time; the first process alone reads and writes it, and tells the others."""

    uri: str
    every: int

    def begin(self) -> None:
        """Counts a start of the training.

        Raises:
            TrainerError: after too many without an end, such as of a process that takes more memory than it may.

        """
        starts = int(store.read_bytes(self._starts)) + 1 if store.exists(self._starts) else 1
        if starts > MOST_STARTS:
            # The next run of the training has as many, and goes on from the checkpoint.
            store.delete(self._starts)
            raise TrainerError(f"began {MOST_STARTS} times and never came to its end; see why its processes ended")
        store.write_bytes(self._starts, str(starts).encode())

    def due(self, done: int) -> bool:
        """Whether one is due after so many epochs or rounds."""
        return done % self.every == 0

    def load(self) -> bytes | None:
        """The last one, if an earlier run of the same training left one."""
        return store.read_bytes(self.uri) if store.exists(self.uri) else None

    def save(self, content: bytes) -> None:
        """Takes the place of the last one."""
        store.write_bytes(self.uri, content)

    def clear(self) -> None:
        """Removes it: the training has ended."""
        store.delete(self.uri)
        store.delete(self._starts)

    @property
    def _starts(self) -> str:
        return f"{self.uri}-starts"


def checkpoints(folder: str, settings: Mapping[str, object], every: int) -> Checkpoints:
    """Checkpoints of a training with these settings; one with others must not go on from them."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return Checkpoints(f"{folder}/checkpoint-{hashlib.sha256(text.encode()).hexdigest()[:12]}", every)
