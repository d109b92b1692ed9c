"""stream-producer: replays a file of events, or makes synthetic ones, into a topic."""

from __future__ import annotations

import argparse
import csv
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
from itertools import islice
from pathlib import Path
from typing import IO

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka import Message as Delivered

from stream.generator import Message, generate
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


def read_events(path: Path, key: str) -> Iterator[Message]:
    """The rows of a CSV or JSON-lines file, plain, gzipped or alone in a zip, as messages keyed by one of its columns.

    An event without an id gets one of its content, so that a file replayed twice is the same events twice.
    """
    suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".zip")]
    with _open(path) as lines:
        rows: Iterable[Mapping[str, object]]
        if suffixes[-1:] == [".csv"]:
            rows = csv.DictReader(lines)
        elif suffixes[-1:] in ([".jsonl"], [".ndjson"], [".json"]):
            rows = (json.loads(line) for line in lines if line.strip())
        else:
            raise ProducerError(f"{path}: unknown format; name the file .csv, .csv.gz, .jsonl or .jsonl.gz")
        for row in rows:
            fields = {name: value for name, value in row.items() if value not in ("", None)}
            if key not in fields:
                yield Message("malformed", "", json.dumps(fields))
                continue
            fields.setdefault("event_id", event_id(fields))
            yield Message("good", str(fields[key]), json.dumps(fields, separators=(",", ":")))


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
                    message.value.encode(),
                    message.key.encode(),
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
    """What the producer is told to do."""
    parser = argparse.ArgumentParser(prog=JOB, description=__doc__)
    parser.add_argument("--servers", required=True, help="HOST:PORT of the brokers, separated by commas")
    parser.add_argument("--topic", required=True)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--file", type=Path, help="file to replay: .csv, .csv.gz, .jsonl or .jsonl.gz")
    source.add_argument("--generate", type=int, metavar="COUNT", help="make so many synthetic messages")
    parser.add_argument("--seed", type=int, default=1, help="seed of the synthetic messages")
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
            generate(options.generate, options.seed)
            if options.file is None
            else islice(read_events(options.file, options.key), options.first)
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


def _open(path: Path) -> IO[str]:
    match path.suffix:
        case ".gz":
            return gzip.open(path, "rt", encoding="utf-8")
        case ".zip":
            archive = zipfile.ZipFile(path)
            return io.TextIOWrapper(archive.open(archive.namelist()[0]), encoding="utf-8")
        case _:
            return path.open(encoding="utf-8")


if __name__ == "__main__":
    main()
