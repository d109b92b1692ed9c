"""A Kafka broker and Spark jobs as processes of their own, so that a test can kill them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stream_tests.local_session import local_session, local_settings, require_jars

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROOT = Path(__file__).parents[3]
SPECS: Mapping[str, object] = json.loads((Path(__file__).parent / "specs.json").read_text())
TIMEOUT = 1800
"""Seconds that a job may take on a machine that does other things too."""


@dataclass
class Broker:
    """A broker of the Kafka image's jars, on free ports of the loopback address."""

    home: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> str:
        """Address for clients."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, or start again on the log that is there."""
        log = (self.folder / "broker.log").open("ab")
        environment = {
            **os.environ,
            "KAFKA_HOME": str(self.home),
            "KAFKA_CLUSTER_ID": "bWxzdGFjay1rYWZrYS0wMA",
        }
        command = [
            "sh",
            str(ROOT / "workloads/images/kafka/bin/broker"),
            str(self.folder / "server.properties"),
        ]
        self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        deadline = time.monotonic() + TIMEOUT
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            assert self.process.poll() is None, (self.folder / "broker.log").read_text()
            time.sleep(0.2)
        raise TimeoutError("the broker does not listen")

    def kill(self) -> None:
        """End it as a machine that loses power would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def topic(self, name: str, partitions: int = 4) -> None:
        """Make a topic as the program does."""
        environment = {
            **os.environ,
            "KAFKA_HOME": str(self.home),
            "KAFKA_SERVERS": self.servers,
        }
        command = ["sh", str(ROOT / "workloads/images/kafka/bin/topics")]
        line = f"{name} {partitions} 1 retention.ms=604800000\n"
        subprocess.run(
            command,
            input=line.encode(),
            env=environment,
            check=True,
            capture_output=True,
            timeout=TIMEOUT,
        )


@dataclass
class Jobs:
    """Runs the jobs of the stream against a folder instead of buckets."""

    folder: Path
    servers: str
    settings: Mapping[str, str]

    @property
    def table(self) -> str:
        """Path of the events' table."""
        return f"file:{self.folder}/feature-store/clickstream_events"

    def start(self, *arguments: str, contract: Mapping[str, object] | None = None) -> subprocess.Popen[bytes]:
        """Start an ingestion."""
        log = (self.folder / "job.log").open("ab")
        command = [
            sys.executable,
            "-m",
            "stream.ingest",
            f"--contract={json.dumps(contract or SPECS['contract'])}",
            f"--feature-store=file:{self.folder}/feature-store",
            f"--raw=file:{self.folder}/raw",
            f"--servers={self.servers}",
            f"--result={self.folder}/result.json",
            *arguments,
        ]
        environment = {
            **os.environ,
            "PYSPARK_SUBMIT_ARGS": submit_arguments(self.settings),
        }
        # A group of its own: the JVM must die with it.
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def run(self, *arguments: str, contract: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Run an ingestion to its end. @returns its result."""
        code = self.start(*arguments, contract=contract).wait(TIMEOUT)
        result = json.loads((self.folder / "result.json").read_text())
        assert code == 0, result
        return result


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a job with its JVM at once."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def produce(servers: str, topic: str, count: int, seed: int) -> dict[str, int]:
    """Send synthetic messages. @returns how many of each kind."""
    command = [
        sys.executable,
        "-m",
        "stream.producer",
        f"--servers={servers}",
        f"--topic={topic}",
    ]
    command += [f"--generate={count}", f"--seed={seed}", "--result=/dev/null"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT)
    return json.loads(done.stdout)["metrics"]


def submit_arguments(settings: Mapping[str, str]) -> str:
    """Settings as `spark-submit` takes them."""
    return " ".join([f"--conf {key}={value}" for key, value in settings.items()] + ["pyspark-shell"])


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Settings of local sessions; tests are skipped where Spark lacks the jars of Hudi and Kafka."""
    require_jars("hudi-spark3.5-bundle*", "spark-sql-kafka-0-10*")
    return {**local_settings(tmp_path_factory), "spark.driver.memory": "2g"}


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker; tests are skipped where `KAFKA_HOME` does not name a folder with the jars of Kafka's image."""
    home = Path(os.environ.get("KAFKA_HOME", ""))
    if not list(home.glob("jars/kafka_*.jar")) or shutil.which("java") is None:
        pytest.skip("KAFKA_HOME names no folder with Kafka's jars")
    folder = tmp_path_factory.mktemp("kafka")
    port, controller = free_ports(2)
    lines = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@127.0.0.1:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"CLIENT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"CLIENT://127.0.0.1:{port}",
        "inter.broker.listener.name": "CLIENT",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(folder / "log"),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
    }
    (folder / "server.properties").write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
    made = Broker(home, folder, port)
    made.start()
    yield made
    made.kill()


@pytest.fixture
def jobs(tmp_path: Path, broker: Broker, settings: Mapping[str, str]) -> Jobs:
    """Jobs on the broker, with a folder of their own."""
    return Jobs(tmp_path, broker.servers, settings)


def free_ports(count: int) -> list[int]:
    """So many ports of the loopback address that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture(scope="session")
def spark(settings: Mapping[str, str]) -> Iterator[SparkSession]:
    """A session in this process."""
    for session in local_session("stream-tests", settings):
        session.sparkContext.setLogLevel("ERROR")
        yield session
