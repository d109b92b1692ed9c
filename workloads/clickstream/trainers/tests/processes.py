"""Trainings as the cluster runs them: several processes, one a replica, on the loopback address."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

WORKLOAD = Path(__file__).parents[2]


@dataclass(frozen=True)
class Replicas:
    """A training of a framework: what its replicas are told, and where they leave their results."""

    framework: str
    options: Sequence[str]
    folder: Path
    count: int = 2
    before: Mapping[int, str] = field(default_factory=dict)
    """Python that a replica runs before its training."""

    def start(self) -> list[subprocess.Popen[bytes]]:
        """Starts every replica, with the environment that the training operator gives it."""
        ports = [_free_port() for _ in range(self.count)]
        hosts = [f"localhost:{port}" for port in ports]
        return [self._replica(rank, ports[0], hosts) for rank in range(self.count)]

    def result(self, rank: int) -> dict:
        """Result that a replica wrote in place of its termination message."""
        return json.loads(self._result(rank).read_text())

    def log(self, rank: int) -> str:
        """All that a replica wrote."""
        return (self.folder / f"{rank}.log").read_text()

    def wait(self, replicas: Sequence[subprocess.Popen[bytes]], seconds: float = 240) -> list[int]:
        """Exit codes, once all have ended; those that do not are ended, with what they wrote in the error."""
        end = time.monotonic() + seconds
        try:
            return [replica.wait(max(0.1, end - time.monotonic())) for replica in replicas]
        except subprocess.TimeoutExpired as error:
            logs = "\n".join(f"--- {rank}\n{self.log(rank)[-3000:]}" for rank in range(self.count))
            raise AssertionError(f"{self.framework} has not ended after {seconds} s\n{logs}") from error
        finally:
            for replica in replicas:
                if replica.poll() is None:
                    replica.kill()
                    replica.wait()

    def _replica(self, rank: int, port: int, hosts: Sequence[str]) -> subprocess.Popen[bytes]:
        role = {"type": "chief", "index": 0} if rank == 0 else {"type": "worker", "index": rank - 1}
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "RANK": str(rank),
            "WORLD_SIZE": str(self.count),
            "MASTER_ADDR": "localhost",
            "MASTER_PORT": str(port),
            "TF_CONFIG": json.dumps({"cluster": {"chief": hosts[:1], "worker": hosts[1:]}, "task": role}),
        }
        module = f"trainers.{self.framework}.train"
        start = f"import runpy; runpy.run_module({module!r}, run_name='__main__', alter_sys=True)"
        code = f"{self.before[rank]}; {start}" if rank in self.before else None
        self._result(rank).unlink(missing_ok=True)
        with (self.folder / f"{rank}.log").open("ab") as log:
            return subprocess.Popen(
                [
                    sys.executable,
                    *(["-m", module] if code is None else ["-c", code]),
                    *self.options,
                    f"--result={self._result(rank)}",
                ],
                cwd=WORKLOAD,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _result(self, rank: int) -> Path:
        return self.folder / f"{rank}.json"


def wait_for_line(replicas: Replicas, rank: int, text: str, seconds: float = 180) -> None:
    """Waits until a replica has written something."""
    end = time.monotonic() + seconds
    while text not in replicas.log(rank):
        assert time.monotonic() < end, f"{text!r} was not written:\n{replicas.log(rank)[-3000:]}"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
