"""Asks a model's server for one session's prediction, over and over, and says how fast the answers come."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import uvloop

from serving.answers import MODEL, PREDICT


class Connection:
    """A connection that is kept: each request goes out when the answer to the one before is there."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self._reader = reader
        self._writer = writer
        self._host = host

    @staticmethod
    async def to(url: str) -> Connection:
        """Connects to `http://host[:port]`."""
        host = urlsplit(url).hostname or ""
        return Connection(*await asyncio.open_connection(host, urlsplit(url).port or 80), host)

    async def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of an answer whose length is said."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        lengths = [line for line in lines if line.lower().startswith("content-length:")]
        return int(status.split(" ")[1]), await self._reader.readexactly(int(lengths[0].partition(":")[2]))

    def close(self) -> None:
        """Ends the connection."""
        self._writer.close()


async def one_session(url: str) -> bytes:
    """A request with one session, made of what the model says that it must be told."""
    connection = await Connection.to(url)
    try:
        status, text = await connection.ask("GET", MODEL)
    finally:
        connection.close()
    if status != 200:
        raise SystemExit(f"{url}{MODEL}: {status}: {text.decode()}")
    model = json.loads(text)
    session = {name: 1 for name in model["numbers"]} | {
        name: values[0] if values else "" for name, values in model["categories"].items()
    }
    return json.dumps({"instances": [session]}).encode()


async def measure(url: str, connections: int, seconds: float) -> dict[str, float]:
    """Requests a second over all connections together, and milliseconds that half and 99 % of them took at most."""
    body = await one_session(url)
    opened = [await Connection.to(url) for _ in range(connections)]
    # The first answers of a server are of code that was not run before.
    await _ask_until(time.perf_counter() + min(1, seconds), opened, body)
    start = time.perf_counter()
    took = sorted(await _ask_until(start + seconds, opened, body))
    elapsed = time.perf_counter() - start
    for connection in opened:
        connection.close()
    return {
        "requests": len(took),
        "perSecond": len(took) / elapsed,
        "p50Milliseconds": _quantile(took, 0.5) * 1000,
        "p99Milliseconds": _quantile(took, 0.99) * 1000,
    }


async def _ask_until(end: float, connections: Sequence[Connection], body: bytes) -> list[float]:
    async def ask(connection: Connection) -> list[float]:
        took = []
        while (start := time.perf_counter()) < end:
            status, text = await connection.ask("POST", PREDICT, body)
            if status != 200:
                raise SystemExit(f"{PREDICT}: {status}: {text.decode()}")
            took.append(time.perf_counter() - start)
        return took

    return [seconds for each in await asyncio.gather(*map(ask, connections)) for seconds in each]


def _quantile(ordered: Sequence[float], part: float) -> float:
    return ordered[max(0, math.ceil(len(ordered) * part) - 1)]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="clickstream-load", description=__doc__)
    parser.add_argument("url", help="http://host[:port] of the server")
    parser.add_argument("--connections", type=int, default=4, help="how many ask at once")
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args(argv)
    try:
        figures = uvloop.run(measure(options.url, options.connections, options.seconds))
    except OSError as error:
        raise SystemExit(f"{options.url}: {error}") from error
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
