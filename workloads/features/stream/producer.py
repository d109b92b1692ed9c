"""stream-producer: replays a file of events, or makes synthetic ones, into a topic."""

from __future__ import annotations

import argparse
import csv
import functools
import gzip
import hashlib
import io
import json
import os
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from jobs import input_file
from jobs.input_file import InputError
from stream.generator import SPAN, START, Message, generate
from stream.kafka_settings import librdkafka_settings

JOB = "stream-producer"

_SETTINGS: Mapping[str, str | int | bool] = {
    # The broker drops a batch that was sent again after a lost answer.
    "enable.idempotence": True,
    "compression.type": "lz4",
    "linger.ms": 20,
    "batch.num.messages": 20000,
    "queue.buffering.max.messages": 500000,
    # Sessions go to the partitions that the Java client would send them to.
    "partitioner": "murmur2_random",
}


class ProducerError(Exception):
    """A failure that its message explains in full."""


class Pace:
    """Lets so many messages a second through, or all of them when the rate is 0."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._start = clock()

    def wait(self, sent: int) -> float:
        """Seconds to wait before message number `sent` goes."""
        return max(0.0, self._start + sent / self._rate - self._clock()) if self._rate else 0.0


def read_events(path: Path, key: str, encoding: str | None = None) -> Iterator[Message]:
    """The events of a file, or of those in a folder, as messages keyed by one of their columns.

    CSV and JSON lines, plain, gzipped or alone in a zip, and Parquet. An event without an id gets one of its content,
    so that a file replayed twice is the same events twice. A row that is no event is sent as it is.

    @raises ProducerError where a file is refused, in the words of the batch job
    """
    files = sorted(_files(path)) if path.is_dir() else [path]
    if not files:
        raise ProducerError(f"{path}: {input_file.EMPTY}")
    for file in files:
        try:
            yield from map(functools.partial(_message, key=key), _rows(file, key, encoding))
        except InputError as error:
            raise ProducerError(f"{path}: {error}") from error
        except csv.Error as error:
            raise ProducerError(f"{path}: {input_file.BROKEN_QUOTE}") from error
        except EOFError as error:
            raise ProducerError(f"{path}: is gzip that ends too early; copy it again") from error


def _message(row: Mapping[str, object] | str, key: str) -> Message:
    if isinstance(row, str):
        return Message("malformed", "", row)
    fields = {name: value for name, value in row.items() if value not in ("", None)}
    if key not in fields:
        return Message("malformed", "", json.dumps(fields))
    fields.setdefault("event_id", event_id(fields))
    return Message("good", str(fields[key]), json.dumps(fields, separators=(",", ":")))


def _rows(path: Path, key: str, encoding: str | None) -> Iterator[Mapping[str, object] | str]:
    """Rows of a file: fields by name, or the text of a row that is not of the file's form."""
    name = path.name.removesuffix(".zip")
    match input_file.format_by_name(name):
        case "parquet":
            return _parquet_rows(path, key)
        case "json":
            if encoding not in (None, "utf-8"):
                raise InputError(input_file.JSON_ENCODING)
            return _json_rows(path, key)
        case "csv":
            return _csv_rows(path, key, encoding)
        case None:
            raise ProducerError(
                f"{path}: unknown format; name the file {', '.join(sum(input_file.FORMATS.values(), ()))}"
            )


def _csv_rows(path: Path, key: str, encoding: str | None) -> Iterator[Mapping[str, object] | str]:
    header = input_file.csv_header(_head(path, encoding))
    input_file.require_columns(header, [key])
    # utf-8-sig leaves out the byte-order mark that spreadsheets write.
    with _open(path, encoding or "utf-8-sig", newline="") as text:
        rows = (row for row in csv.reader(text, strict=True) if row)
        next(rows)
        for row in rows:
            if len(row) != len(header) or (encoding is None and any("\ufffd" in cell for cell in row)):
                yield ",".join(row)
            else:
                yield dict(zip(header, row, strict=True))


def _json_rows(path: Path, key: str) -> Iterator[Mapping[str, object] | str]:
    input_file.require_columns(input_file.json_names(_head(path, None)), [key])
    with _open(path, "utf-8-sig", newline=None) as lines:
        for line in filter(str.strip, lines):
            row = None if "\ufffd" in line else input_file.json_object(line)
            yield line.rstrip("\n") if row is None else row


def _parquet_rows(path: Path, key: str) -> Iterator[Mapping[str, object]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if _first_bytes(path)[:4] != b"PAR1":
        raise InputError(input_file.NOT_PARQUET)
    file = pq.ParquetFile(path)
    input_file.require_columns(file.schema_arrow.names, [key])
    for batch in file.iter_batches():
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if pa.types.is_timestamp(column.type):
                micros = column.cast(pa.timestamp("us", column.type.tz), safe=False)
                batch = batch.set_column(batch.schema.get_field_index(name), name, micros)
        for row in batch.to_pylist():
            yield {name: str(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _head(path: Path, encoding: str | None) -> input_file.Head:
    return input_file.head_of(path.name.removesuffix(".zip"), _first_bytes(path), encoding)


def _first_bytes(path: Path) -> bytes:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            return file.read(input_file.HEAD)
    with path.open("rb") as file:
        return file.read(input_file.HEAD)


def event_id(fields: Mapping[str, object]) -> str:
    """An id that depends on what an event says and on nothing else."""
    content = json.dumps(fields, sort_keys=True, default=str).encode()
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def send(
    messages: Iterable[Message],
    topic: str,
    settings: Mapping[str, str | int | bool],
    rate: float,
) -> Counter[str]:
    """Send every message and wait until the brokers have all of them. Say how many of each kind."""
    failures: list[str] = []

    def delivered(error: KafkaError | None, _message: Delivered) -> None:
        if error is not None and len(failures) < 10:
            failures.append(str(error))

    producer = Producer({**_SETTINGS, **settings})
    require_topic(producer, topic)
    sent: Counter[str] = Counter()
    pace = Pace(rate)
    for number, message in enumerate(messages):
        while wait := pace.wait(number):
            producer.poll(min(wait, 0.05))
        while True:
            try:
                producer.produce(
                    topic,
                    message.value.encode(errors="backslashreplace"),
                    message.key.encode(errors="backslashreplace"),
                    on_delivery=delivered,
                )
                break
            except BufferError:
                producer.poll(0.1)
        sent[message.kind] += 1
        if number % 1024 == 0:
            producer.poll(0)
        if failures:
            break
    left = producer.flush(60)
    if failures or left:
        raise ProducerError(f"topic {topic}: {failures[0] if failures else f'{left} messages were not acknowledged'}")
    return sent


def require_topic(producer: Producer, topic: str) -> None:
    """Fail with a clear line unless the topic is there."""
    try:
        topics = producer.list_topics(topic, timeout=30).topics
    except KafkaException as error:
        raise ProducerError(f"the brokers do not answer: {error.args[0].str()}") from error
    if topics[topic].error is not None:
        raise ProducerError(f"topic {topic}: {topics[topic].error.str()}; declare it under the stack's kafka.topics")


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the producer's command line."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--servers", required=True, help="HOST:PORT of the brokers, separated by commas")
    parser.add_argument("--topic", required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--file", type=Path, help="file or folder to replay: CSV, JSON lines or Parquet")
    source.add_argument("--generate", type=int, metavar="COUNT", help="make so many synthetic messages")
    parser.add_argument("--encoding", choices=input_file.ENCODINGS, help="encoding of CSV that is not UTF-8")
    parser.add_argument("--seed", type=int, default=1, help="seed of the synthetic messages")
    parser.add_argument("--users", type=int, help="how many people make the synthetic messages; a hundredth of them")
    parser.add_argument(
        "--start", type=datetime.fromisoformat, default=START, help="ISO time of the first synthetic event"
    )
    parser.add_argument(
        "--hours", type=float, default=SPAN / timedelta(hours=1), help="hours that the synthetic events spread over"
    )
    parser.add_argument("--first", type=int, help="how many of the file's events, from its first; all unless given")
    parser.add_argument(
        "--key",
        default="session_id",
        help="column that is the key of the records",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=0,
        help="messages a second; 0 sends as fast as it goes",
    )
    parser.add_argument(
        "--result",
        default="/dev/termination-log",
        help="file that takes the result as JSON",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Send what the arguments ask for, and leave the counts as the result."""
    options = arguments(argv)
    start = time.monotonic()
    try:
        messages = (
            generate(
                options.generate,
                options.seed,
                users=options.users,
                start=options.start,
                span=timedelta(hours=options.hours),
            )
            if options.file is None
            else islice(read_events(options.file, options.key, options.encoding), options.first)
        )
        settings = {
            "bootstrap.servers": options.servers,
            **librdkafka_settings(os.environ),
        }
        sent = send(messages, options.topic, settings, options.rate)
    except (ProducerError, OSError) as error:
        sys.exit(f"{JOB}: {error}")
    seconds = time.monotonic() - start
    total = sum(sent.values())
    metrics = {
        **sent,
        "seconds": round(seconds, 3),
        "perSecond": round(total / seconds) if seconds else 0,
    }
    line = json.dumps({"rows": total, "metrics": metrics})
    if os.access(options.result, os.W_OK) or not Path(options.result).exists():
        Path(options.result).write_text(line)
    print(line)


def _open(path: Path, encoding: str, newline: str | None) -> IO[str]:
    """A file as text; bytes that are not of the encoding become U+FFFD, as they do in Spark."""
    match path.suffix:
        case ".gz":
            return gzip.open(path, "rt", encoding=encoding, errors="replace", newline=newline)
        case ".zip":
            archive = zipfile.ZipFile(path)
            file = archive.open(archive.namelist()[0])
            return io.TextIOWrapper(file, encoding=encoding, errors="replace", newline=newline)
        case _:
            return path.open(encoding=encoding, errors="replace", newline=newline)


if __name__ == "__main__":
    main()
