"""A PostgreSQL server of Debian's package, on a free loopback port, in a folder of its own, as an unprivileged user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from stream_tests.conftest import TIMEOUT, free_ports

READER, PASSWORD = "reader", "it's a \\ secret?"
"""A role that may read what it is granted, and its password."""

# Other than the jobs': what they read must not depend on it.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "timezone": "America/New_York",
    "datestyle": "German",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "shared_buffers": "16MB",
    "fsync": "off",
    "ssl": "on",
}
_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass
class Postgres:
    """A server with the database `shop`."""

    programs: Path
    folder: Path
    port: int

    @property
    def url(self) -> str:
        """Address of the database."""
        return f"jdbc:postgresql://127.0.0.1:{self.port}/shop"

    @property
    def authority(self) -> str:
        """Certificate that signed the server's, which is itself."""
        return (self.folder / "data/server.crt").read_text()

    def sql(self, *statements: str) -> None:
        """Run statements as the superuser, each in a transaction of its own."""
        self._psql("shop", *statements)

    def start(self) -> subprocess.Popen[bytes]:
        """Make the cluster and start the server."""
        data = self.folder / "data"
        self._run("initdb", f"--pgdata={data}", "--username=owner", "--encoding=UTF8", "--no-sync", "--no-locale")
        request = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
        key, certificate = data / "server.key", data / "server.crt"
        command = ["openssl", *request.split(), "-keyout", str(key), "-out", str(certificate)]
        subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT, **_unprivileged())
        key.chmod(0o600)
        (data / "pg_hba.conf").write_text(_HBA)
        settings = {**_SETTINGS, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        given = [f"--{name}={value}" for name, value in settings.items()]
        log = (self.folder / "log").open("ab")
        command = [str(self.programs / "postgres"), f"-D{data}", *given]
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder, **_unprivileged())
        deadline = time.monotonic() + TIMEOUT
        while subprocess.run([self.programs / "pg_isready", *self._address()], capture_output=True).returncode != 0:
            assert process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.1)
        self._psql("postgres", "CREATE DATABASE shop")
        quoted = PASSWORD.replace("'", "''").replace("\\", "\\\\")
        self.sql(f"CREATE ROLE {READER} LOGIN PASSWORD '{quoted}'", "REVOKE ALL ON SCHEMA public FROM PUBLIC")
        return process

    def _psql(self, database: str, *statements: str) -> None:
        given = [argument for statement in statements for argument in ("-c", statement)]
        command = ["psql", "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", *self._address(), "-U", "owner", *given]
        done = subprocess.run(
            [str(self.programs / command[0]), *command[1:], database], capture_output=True, text=True, timeout=TIMEOUT
        )
        assert done.returncode == 0, done.stderr

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self.programs / program), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT, cwd=self.folder, **_unprivileged()
        )
        assert done.returncode == 0, done.stderr

    def _address(self) -> list[str]:
        return ["-h", str(self.folder), "-p", str(self.port)]


def _unprivileged() -> Mapping[str, object]:
    # The server refuses to run as root.
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def running() -> Iterator[Postgres]:
    """A server; tests are skipped where Debian's package is not installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if not versions or shutil.which("openssl") is None:
        pytest.skip("there is no /usr/lib/postgresql/VERSION/bin/postgres")
    # Not pytest's own folder, into which no other user may look; and sockets have short paths.
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    folder.chmod(0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "nobody", "nogroup")
    (port,) = free_ports(1)
    server = Postgres(versions[-1].parent, folder, port)
    process: subprocess.Popen[bytes] | None = None
    try:
        process = server.start()
        yield server
    finally:
        if process is not None:
            process.send_signal(signal.SIGQUIT)
            process.wait(TIMEOUT)
        shutil.rmtree(folder)
