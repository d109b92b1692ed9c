"""What a training has reached, kept in the object store until it has ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from trainers import store


@dataclass(frozen=True)
class Checkpoints:
    """One checkpoint at a time; the first process alone reads and writes it, and tells the others."""

    uri: str
    every: int

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


def checkpoints(folder: str, settings: Mapping[str, object], every: int) -> Checkpoints:
    """Checkpoints of a training with these settings; one with others must not go on from them."""
    text = json.dumps(settings, sort_keys=True, default=str)
    return Checkpoints(f"{folder}/checkpoint-{hashlib.sha256(text.encode()).hexdigest()[:12]}", every)
