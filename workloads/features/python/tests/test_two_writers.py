"""Two jobs that write one table at once, each in a process of its own: nothing is lost and nothing doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")

from event_store import USERS, Store  # noqa: E402
from jobs.errors import JobError  # noqa: E402
from jobs.table_lock import ClusterLeases, Lease, lease_name  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pyspark.sql import SparkSession


def test_two_runs_at_once_are_as_one(spark: SparkSession, tmp_path: Path, settings: Mapping[str, str]) -> None:
    store = Store(spark, tmp_path)
    store.events(*((f"e{n}", n % 30, n / 10, "catalog") for n in range(90)))
    command = [sys.executable, "-m", "mlstack_features.job", f"--view={json.dumps(USERS)}"]
    command += [f"--feature-store={store.uri}", "--until=2026-01-05T12:00:00+00:00"]
    conf = " ".join([*(f"--conf {key}={value}" for key, value in settings.items()), "pyspark-shell"])
    environment = {**os.environ, "PYSPARK_SUBMIT_ARGS": conf}
    jobs = [
        subprocess.Popen(
            [*command, f"--result={tmp_path}/{n}.json"], env=environment, stderr=subprocess.PIPE, text=True
        )
        for n in range(2)
    ]
    for job in jobs:
        _, errors = job.communicate(timeout=300)
        assert job.returncode == 0, errors[-2000:]
    assert store.rows() == store.from_scratch(12)
    written = sorted(json.loads((tmp_path / f"{n}.json").read_text())["rows"] for n in range(2))
    assert written == [0, len(store.rows())], "the second one finds everything done"


class Server(ThreadingHTTPServer):
    """Leases as the API server keeps them: a name is made once, and a version is replaced once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Requests)
        self.kept: dict[str, dict[str, Any]] = {}
        self.version = 0
        self.broken = False
        self.guard = threading.Lock()


class Requests(BaseHTTPRequestHandler):
    """Handler that answers as the API server does."""

    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:  # noqa: N802
        """Read a lease."""
        self._answer(lambda: self.server.kept.get(self.path.rsplit("/", 1)[-1]) or 404)

    def do_POST(self) -> None:  # noqa: N802
        """Make a lease."""
        body = self._body()
        name = body["metadata"]["name"]
        self._answer(lambda: 409 if name in self.server.kept else self._keep(name, body))

    def do_PUT(self) -> None:  # noqa: N802
        """Replace a lease."""
        body = self._body()
        name = body["metadata"]["name"]
        known = self.server.kept.get(name, {"metadata": {}})["metadata"].get("resourceVersion")
        self._answer(lambda: self._keep(name, body) if body["metadata"]["resourceVersion"] == known else 409)

    def _body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return found

    def _keep(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        self.server.version += 1
        body["metadata"]["resourceVersion"] = str(self.server.version)
        self.server.kept[name] = body
        return body

    def _answer(self, make: Callable[[], dict[str, Any] | int]) -> None:
        if self.server.broken:
            self.send_response(503 if self.command == "PUT" else 200)
            self.send_header("Content-Length", "1")
            self.end_headers()
            self.wfile.write(b"<")
            return
        with self.server.guard:
            found = make()
        body = b"{}" if isinstance(found, int) else json.dumps(found).encode()
        self.send_response(found if isinstance(found, int) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()


def lease(server: Server, folder: Path, purpose: str, duration: float = 1.0) -> Lease:
    (folder / "token").write_text("secret")
    leases = ClusterLeases(f"http://127.0.0.1:{server.server_port}/leases", folder, None)  # type: ignore[arg-type]
    return Lease(leases, "table-t", purpose, duration)


def test_a_lease_is_held_by_one_at_a_time(server: Server, tmp_path: Path) -> None:
    inside, most, count = 0, 0, 0

    def work(number: int) -> None:
        nonlocal inside, most, count
        with lease(server, tmp_path, f"job-{number}").held(30):
            inside += 1
            most = max(most, inside)
            time.sleep(0.05)
            count += 1
            inside -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (count, most) == (6, 1)
    assert server.kept["table-t"]["spec"]["holderIdentity"] == ""


def test_a_lease_lasts_for_as_long_as_its_work(server: Server, tmp_path: Path) -> None:
    with lease(server, tmp_path, "long").held(10), pytest.raises(JobError, match="table-t: long/.* has been writing"):
        with lease(server, tmp_path, "other").held(3):
            pass


def test_the_lease_of_a_job_that_was_killed_is_taken_over(server: Server, tmp_path: Path) -> None:
    program = """
import sys, time
sys.path[:0] = sys.argv[3].split(":")
from pathlib import Path
from jobs.table_lock import ClusterLeases, Lease
with Lease(ClusterLeases(sys.argv[1], Path(sys.argv[2]), None), "table-t", "first", 1.0).held(10):
    print("held", flush=True)
    time.sleep(60)
"""
    url = f"http://127.0.0.1:{server.server_port}/leases"
    (tmp_path / "token").write_text("secret")
    command = [sys.executable, "-c", program, url, str(tmp_path), ":".join(sys.path)]
    first = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stdout is not None and first.stdout.readline() == "held\n"
    # A driver whose machine is suspended for a while, and which then resumes.
    first.send_signal(19)
    start = time.monotonic()
    with lease(server, tmp_path, "second").held(30):
        assert 1.0 <= time.monotonic() - start < 10
        first.send_signal(18)
        _, errors = first.communicate(timeout=20)
        assert first.returncode == 1
        assert "the lease is lost" in errors
        assert server.kept["table-t"]["spec"]["holderIdentity"].startswith("second/")


def test_a_server_that_is_away_for_a_moment_takes_no_lease(server: Server, tmp_path: Path) -> None:
    with lease(server, tmp_path, "first", 4.0).held(10):
        server.broken = True
        time.sleep(2)
        server.broken = False
        with pytest.raises(JobError, match="first/"), lease(server, tmp_path, "other").held(5):
            pass


def test_a_holder_that_cannot_renew_ends(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = threading.Event()
    monkeypatch.setattr(Lease, "_lost", lambda _: lost.set())
    with lease(server, tmp_path, "first").held(10):
        server.broken = True
        assert lost.wait(5)
        server.broken = False


def test_tables_have_leases_of_their_own() -> None:
    names = {lease_name(uri) for uri in ("s3a://a/user_activity", "s3a://b/user_activity", "s3a://a/user-activity")}
    assert len(names) == 3
    assert all(name.startswith("table-user-activity-") for name in names)
