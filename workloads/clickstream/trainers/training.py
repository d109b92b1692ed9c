"""Common part of all trainings: read, train, measure on the held-out sessions, and write model and metrics."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainers import outcome, store
from trainers.checkpoint import Checkpoints, checkpoints
from trainers.dataset import Sessions, read_sessions
from trainers.evaluation import quality
from trainers.place import Place, wait_for_name

NAME_SECONDS = 120
"""How long the first process's pod may take to get an address."""

PEER_SECONDS = 60
"""How long a process that answers no more is waited for; one whose connection ends is noticed at once."""


@dataclass(frozen=True)
class Settings:
    """Hyperparameters of a training."""

    epochs: int
    batch: int
    rate: float
    seed: int


@dataclass(frozen=True)
class Task:
    """Arguments of a framework's training."""

    place: Place
    sessions: Sessions
    settings: Settings
    checkpoints: Checkpoints
    log: Callable[[str], None]


@dataclass(frozen=True)
class Model:
    """Result of a framework's training."""

    format: str
    """Format of its files: `mlp` or `xgboost`."""
    files: Mapping[str, bytes]
    score: Callable[[np.ndarray], np.ndarray]
    """Probabilities for encoded rows."""
    resumed_from: int
    """Epochs or rounds that an earlier run had done; 0 for a training from the start."""


@dataclass(frozen=True)
class Framework:
    """A framework's part of a training."""

    name: str
    place: Callable[[], Place]
    train: Callable[[Task], Model]
    defaults: Settings


def main(framework: Framework, argv: Sequence[str] | None = None) -> None:
    """Run a training in this process, as one of several or alone."""
    options = arguments(framework, argv)
    job = f"clickstream-{framework.name}"
    outcome.run(job, options.result, lambda: run(framework, options))


def arguments(framework: Framework, argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the training's command line."""
    defaults = framework.defaults
    parser = argparse.ArgumentParser(prog=f"clickstream-{framework.name}", description=__doc__)
    parser.add_argument("--exports", required=True, help="URI of the folder that the feature table is exported to")
    parser.add_argument("--instant", help="commit of the feature table to train on; the latest exported unless given")
    parser.add_argument("--models", required=True, help="URI of the bucket that takes model and metrics")
    parser.add_argument("--run", help="name of this run's folder; the instant unless given")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="passes over the rows, or trees")
    parser.add_argument("--batch", type=int, default=defaults.batch, help="rows a step of one process")
    parser.add_argument("--rate", type=float, default=defaults.rate, help="learning rate")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--checkpoint-every", type=int, default=5, help="epochs or trees between checkpoints")
    parser.add_argument("--result", default=outcome.TERMINATION_MESSAGE, help="file that takes the result as JSON")
    return parser.parse_args(argv)


def run(framework: Framework, options: argparse.Namespace) -> Mapping[str, object]:
    """Train as the process that this is, and tell what came of it."""
    start = time.monotonic()
    place = framework.place()
    settings = Settings(options.epochs, options.batch, options.rate, options.seed)

    def log(message: str) -> None:
        print(f"[{place.rank}/{place.world_size} {time.monotonic() - start:6.2f} s] {message}", flush=True)

    sessions = read_sessions(options.exports, options.instant)
    log(f"read {len(sessions.train_labels)} sessions to train on, {len(sessions.held_out_labels)} held out")
    folder = f"{options.models}/clickstream/{options.run or sessions.instant}/{framework.name}"
    kept = checkpoints(folder, {**vars(options), "instant": sessions.instant}, options.checkpoint_every)
    if place.first:
        kept.begin()
    else:
        wait_for_name(place.host, NAME_SECONDS)
    model = framework.train(Task(place, sessions, settings, kept, log))
    if not place.first:
        return {"rank": place.rank, "seconds": _seconds(start)}
    metrics = {
        **quality(model.score(sessions.held_out_rows), sessions.held_out_labels),
        "trainingRows": len(sessions.train_labels),
        "heldOutRows": len(sessions.held_out_labels),
    }
    result = {
        "rows": len(sessions.train_labels) + len(sessions.held_out_labels),
        "metrics": metrics,
        "seconds": _seconds(start),
        "instant": sessions.instant,
        "processes": place.world_size,
        "resumedFrom": model.resumed_from,
        "model": folder,
    }
    for name, content in model.files.items():
        store.write_bytes(f"{folder}/{name}", content)
    description = {
        "framework": framework.name,
        "format": model.format,
        "files": sorted(model.files),
        "encoding": sessions.encoding.to_json(),
    }
    store.write_bytes(f"{folder}/model.json", _pretty(description))
    # Last, since it says that the rest is there.
    store.write_bytes(f"{folder}/metrics.json", _pretty(result))
    kept.clear()
    return result


def _seconds(start: float) -> float:
    return round(time.monotonic() - start, 3)


def _pretty(data: Mapping[str, object]) -> bytes:
    return (json.dumps(data, indent=2) + "\n").encode()
