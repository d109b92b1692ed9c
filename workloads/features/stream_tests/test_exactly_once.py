"""Events arrive once each, whatever is killed on the way: counted by key, against what was sent."""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("confluent_kafka")
hudi = pytest.importorskip("hudi")

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from stream.generator import generate
from stream_tests.conftest import TIMEOUT, Broker, Jobs, kill, produce

COUNT, SEED = int(os.environ.get("MLSTACK_STREAM_EVENTS", "8000")), 7
BATCH = COUNT // 8
TIMELINE = "feature-store/clickstream_events/.hoodie/timeline"


def table(jobs: Jobs) -> pa.Table:
    """The events' table, read by another implementation than the one that wrote it."""
    reader = hudi.HudiTableBuilder.from_base_uri(jobs.table.replace("file:", "file://")).build()
    return pa.Table.from_batches(reader.read())


def dead_letters(jobs: Jobs) -> pa.Table:
    """The dead letters as they lie in the bucket."""
    return ds.dataset(jobs.folder / "raw/rejected/clickstream_events/letters", partitioning="hive").to_table()


def require_exactly_once(jobs: Jobs) -> None:
    """Every event that was sent well is in the table once, every other among the dead letters once."""
    sent = list(generate(COUNT, SEED))
    kinds = Counter(message.kind for message in sent)
    events = {message.value for message in sent if message.kind in ("good", "late")}
    assert len(events) == kinds["good"] + kinds["late"]
    arrived = table(jobs)
    assert arrived.num_rows == len(events)
    assert pc.count_distinct(arrived["event_id"]).as_py() == len(events)
    dead = dead_letters(jobs)
    assert dead.num_rows == kinds["malformed"]
    places = set(zip(dead["partition"].to_pylist(), dead["offset"].to_pylist(), strict=True))
    assert len(places) == kinds["malformed"]
    values = Counter(dead["value"].to_pylist())
    assert values == Counter(message.value for message in sent if message.kind == "malformed")


def require_adds_up(result: dict[str, Any]) -> None:
    """A job's counts cover every record that was sent, including those read by a run that was killed."""
    kinds = Counter(message.kind for message in generate(COUNT, SEED))
    told = result["metrics"]
    assert result["rows"] == kinds["good"] + kinds["late"]
    assert (told["records"], told["rejected"], told["duplicates"]) == (COUNT, kinds["malformed"], kinds["duplicate"])


def wait_for(path: Path, pattern: str, count: int) -> None:
    """Wait until so many files match."""
    deadline = time.monotonic() + TIMEOUT
    while len(list(path.glob(pattern))) < count:
        assert time.monotonic() < deadline, f"{path}/{pattern}: fewer than {count}"
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("stage", "pattern", "count"),
    [
        (
            "a batch is planned and nothing is written",
            "raw/checkpoints/clickstream_events/offsets/2",
            1,
        ),
        ("a commit is under way", f"{TIMELINE}/*.deltacommit.inflight", 3),
        ("a commit has ended and its batch has not", f"{TIMELINE}/*_*.deltacommit", 2),
    ],
)
def test_a_job_that_is_killed(broker: Broker, jobs: Jobs, stage: str, pattern: str, count: int) -> None:
    topic = f"killed-{stage.replace(' ', '-')}"
    broker.topic(topic)
    produce(broker.servers, topic, COUNT, SEED)
    first = jobs.start(f"--topic={topic}", f"--batch={BATCH}")
    wait_for(jobs.folder, pattern, count)
    kill(first)
    require_adds_up(jobs.run(f"--topic={topic}", f"--batch={BATCH}"))
    require_exactly_once(jobs)


def test_a_job_that_has_caught_up_reads_nothing(broker: Broker, jobs: Jobs) -> None:
    broker.topic("caught-up")
    produce(broker.servers, "caught-up", COUNT, SEED)
    require_adds_up(jobs.run("--topic=caught-up"))
    again = jobs.run("--topic=caught-up")
    assert again["metrics"]["read"] == 0
    require_adds_up(again)
    require_exactly_once(jobs)


def test_a_broker_that_is_killed(broker: Broker, jobs: Jobs) -> None:
    broker.topic("broken")
    produce(broker.servers, "broken", COUNT, SEED)
    job = jobs.start("--topic=broken", f"--batch={BATCH}")
    wait_for(jobs.folder, "raw/checkpoints/clickstream_events/commits/*", 2)
    broker.kill()
    broker.start()
    if job.wait(TIMEOUT) != 0:
        # As the operator would: the broker was away for longer than the client waits.
        jobs.run("--topic=broken", f"--batch={BATCH}")
    require_exactly_once(jobs)
