"""One writer per table: a Lease in the cluster, or a locked file beside a table on this machine.

Hudi assumes a single writer, and rolls back unfinished commits of others. A Lease that its holder no longer renews is
taken over. The new holder's first write rolls back the old holder's unfinished commit, which Hudi then refuses to
complete; the old holder ends its process when it finds that its lease has expired.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jobs.errors import JobError

DURATION = 30.0
"""Seconds after which a lease that was not renewed is taken over.

A job that was killed during a write waits this long when it restarts. A writing job ends when it cannot reach the API
server for this long.
"""

REQUEST_TIMEOUT = 5.0
"""Timeout of a request to the API server, in seconds."""

PATIENCE = 1800.0
"""Seconds that a job waits for another writer to end."""

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


@contextmanager
def writing(table: str, purpose: str, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a table's lock. Waits for another writer, and fails with its name if it does not end in time."""
    if table.startswith(("/", "file:")):
        with _locked_file(Path("/" + table.removeprefix("file:").lstrip("/")), patience):
            yield
    elif (_ACCOUNT / "namespace").exists():
        with Lease(ClusterLeases.of_pod(), lease_name(table), f"{purpose}/{os.uname().nodename}").held(patience):
            yield
    else:
        print(f"{table}: written without a lock, for this is no pod of a cluster", file=sys.stderr, flush=True)
        yield


def lease_name(table: str) -> str:
    """Name of a table's Lease: a readable part of the table's name, and a hash of the whole URI."""
    readable = re.sub(r"[^a-z0-9]+", "-", table.rstrip("/").rsplit("/", 1)[-1].lower()).strip("-")[:40]
    return f"table-{readable}-{hashlib.sha256(table.rstrip('/').encode()).hexdigest()[:8]}"


@contextmanager
def _locked_file(table: Path, patience: float) -> Iterator[None]:
    place = table.parent / ".locks" / f"{table.name}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + patience
    with place.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise JobError(f"{table}: another job has been writing to it for {patience:.0f} s") from None
                time.sleep(0.1)
        yield


class Conflict(Exception):
    """Another client has created the lease, or changed it since it was read."""


@dataclass(frozen=True)
class ClusterLeases:
    """Leases of a namespace, by the API server's REST interface."""

    url: str
    """URL of the namespace's leases."""
    account: Path
    context: ssl.SSLContext

    @staticmethod
    def of_pod() -> ClusterLeases:
        """Connect with the service account of this pod, in its namespace."""
        host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ["KUBERNETES_SERVICE_PORT"]
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        namespace = (_ACCOUNT / "namespace").read_text().strip()
        return ClusterLeases(
            f"https://{address}/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
            _ACCOUNT,
            ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt")),
        )

    def get(self, name: str) -> dict[str, Any] | None:
        """A lease; None when there is none."""
        return self._send("GET", f"/{name}", None)

    def create(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Create a lease. @raises Conflict if it exists."""
        return self._send("POST", "", lease) or {}

    def replace(self, lease: dict[str, Any]) -> dict[str, Any]:
        """Replace a lease. @raises Conflict if its resource version has changed."""
        return self._send("PUT", f"/{lease['metadata']['name']}", lease) or {}

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> dict[str, Any] | None:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                # The token is read for each request, as the cluster rotates it.
                "Authorization": f"Bearer {(self.account / 'token').read_text().strip()}",
                "Content-Type": "application/json",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_TIMEOUT, context=self.context) as answer:
                found: dict[str, Any] = json.loads(answer.read())
                return found
        except urllib.error.HTTPError as error:
            if error.code == 404 and method == "GET":
                return None
            if error.code == 409:
                raise Conflict from error
            if error.code == 429 or error.code >= 500:
                # The API server is starting or overloaded: treated like an unreachable one.
                raise ConnectionError(f"{self.url}{path}: {error.code}") from error
            raise JobError(f"{self.url}{path}: {error.code} {error.read().decode(errors='replace')[:200]}") from error
        except (http.client.HTTPException, ValueError) as error:
            raise ConnectionError(f"{self.url}{path}: an answer that is none: {error!r}") from error


@dataclass
class Lease:
    """A Lease that this process acquires, renews during its work, and releases."""

    leases: ClusterLeases
    name: str
    purpose: str
    """Name of the holder, for other jobs."""
    duration: float = DURATION
    _holder: str = field(default="", init=False)
    _good_until: float = field(default=0.0, init=False)
    _ended: threading.Event = field(default_factory=threading.Event, init=False)

    @contextmanager
    def held(self, patience: float) -> Iterator[None]:
        """Hold the lease. The process ends if the lease is lost, as another job may write then."""
        # A new holder identity each time, so that a lease that was lost and acquired again is told apart.
        self._holder = f"{self.purpose}/{uuid.uuid4().hex[:8]}"
        self._take(patience)
        self._ended.clear()
        renewing = threading.Thread(target=self._renew, daemon=True)
        renewing.start()
        try:
            yield
        finally:
            self._ended.set()
            renewing.join()
            self._give_back()

    def _take(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        # Expiry is measured by the local clock: the time for which the holder's last renewal has not changed.
        seen, since = None, time.monotonic()
        while True:
            start = time.monotonic()
            found = self._try(self.leases.get, self.name)
            spec = {} if found is None else found.get("spec", {})
            state = (spec.get("holderIdentity"), spec.get("renewTime"))
            if state != seen:
                seen, since = state, start
            # This holder's own request may have succeeded although its response was lost.
            free = spec.get("holderIdentity") in (None, "", self._holder) or start - since > self._duration_of(spec)
            if free and self._write(found, start):
                return
            if time.monotonic() > deadline:
                raise JobError(
                    f"{self.name}: {spec.get('holderIdentity')} has been writing to the table for {patience:.0f} s"
                )
            time.sleep(min(1.0, self.duration / 10))

    def _duration_of(self, spec: dict[str, Any]) -> float:
        return float(spec.get("leaseDurationSeconds") or self.duration)

    def _write(self, found: dict[str, Any] | None, start: float) -> bool:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        earlier = {} if found is None else found.get("spec", {})
        renewed = earlier.get("holderIdentity") == self._holder
        spec = {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": max(1, round(self.duration)),
            "acquireTime": earlier.get("acquireTime", now) if renewed else now,
            "renewTime": now,
        }
        lease: dict[str, Any] = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.name} if found is None else found["metadata"],
            "spec": spec,
        }
        try:
            if found is None:
                self.leases.create(lease)
            else:
                self.leases.replace(lease)
        except (Conflict, OSError):
            return False
        self._good_until = start + self.duration
        return True

    def _renew(self) -> None:
        while not self._ended.wait(self.duration / 6):
            start = time.monotonic()
            try:
                found = self.leases.get(self.name)
                if found is None or found.get("spec", {}).get("holderIdentity") != self._holder:
                    self._lost()
                    return
                self._write(found, start)
            except (OSError, JobError) as error:
                print(f"{self.name}: not renewed: {error}", file=sys.stderr, flush=True)
            if time.monotonic() > self._good_until:
                self._lost()
                return

    def _lost(self) -> None:
        print(
            f"{self.name}: the lease is lost, so another job may be writing: this one ends", file=sys.stderr, flush=True
        )
        os._exit(1)

    def _give_back(self) -> None:
        try:
            found = self.leases.get(self.name)
            if found is not None and found.get("spec", {}).get("holderIdentity") == self._holder:
                found["spec"]["holderIdentity"] = ""
                self.leases.replace(found)
        except (OSError, JobError, Conflict) as error:
            # The lease expires by itself.
            print(f"{self.name}: not given back: {error}", file=sys.stderr, flush=True)

    def _try(self, ask: Any, name: str) -> dict[str, Any] | None:  # noqa: ANN401 - one of the leases' methods
        while True:
            try:
                found: dict[str, Any] | None = ask(name)
                return found
            except OSError as error:
                print(f"{self.name}: {error}; asking again", file=sys.stderr, flush=True)
                time.sleep(1)
