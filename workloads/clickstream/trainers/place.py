"""Rank of this process in a training, and the address of the first process."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import dataclass

from trainers.outcome import TrainerError


@dataclass(frozen=True)
class Place:
    """A process among those of a training; rank 0 keeps checkpoints and writes the model."""

    rank: int
    world_size: int
    host: str
    port: int

    @property
    def first(self) -> bool:
        """Whether this is the one that the others gather around."""
        return self.rank == 0


def place_from_master() -> Place:
    """The place that the training operator gives replicas of PyTorch and XGBoost; alone where it gives none."""
    return Place(
        rank=int(os.environ.get("RANK", "0")),
        world_size=int(os.environ.get("WORLD_SIZE", "1")),
        host=os.environ.get("MASTER_ADDR", "127.0.0.1"),
        port=int(os.environ.get("MASTER_PORT", "0")),
    )


def place_from_cluster() -> Place:
    """The place that TF_CONFIG gives: the chief comes first, workers after it; alone where it gives none."""
    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    cluster = config.get("cluster", {})
    replicas = [*cluster.get("chief", []), *cluster.get("worker", [])]
    if not replicas:
        return Place(0, 1, "127.0.0.1", 0)
    task = config["task"]
    offset = len(cluster.get("chief", [])) if task["type"] == "worker" else 0
    host, _, port = replicas[0].rpartition(":")
    return Place(offset + int(task["index"]), len(replicas), host, int(port))


def wait_for_name(host: str, seconds: float) -> str:
    """Address of a replica; its name is known to the cluster's DNS only once its pod has an address."""
    end = time.monotonic() + seconds
    while True:
        try:
            return socket.gethostbyname(host)
        except socket.gaierror as error:
            if time.monotonic() > end:
                raise TrainerError(f"{host}: no such host after {seconds:.0f} s; is its pod running?") from error
            time.sleep(0.2)
