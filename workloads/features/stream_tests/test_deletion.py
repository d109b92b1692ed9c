"""Dead letters of an entity are erased, others stay, and records still add up."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark")
pytest.importorskip("hudi")

import pyarrow.parquet as pq
from mlstack_features import deletion

from stream.contract import parse_contract
from stream.ingest import Ingest, _totals
from stream.ledger import Ledger
from stream.metrics import StreamMetrics
from stream_tests.test_batches import Stream, event, records

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from pyspark.sql import SparkSession

NAMING = (
    '{"user_id": 4, "event": "Not Of The Form"}',
    '{"user_id": "4", "event_id": ""}',
    '{"USER_ID": 4}',
    '{"user_id": 4, "user_id": 5}',
    '{"user_id": 5}{"user_id": 4}',
    '{"user_id": 4, "event": "cut off',
    '{"event": "cut off", "user_id":4',
)
OTHERS = (
    '{"user_id": 44, "event": "Not Of The Form"}',
    '{"user_id": 5, "event_id": "4"}',
    '{"other_user_id": 4}',
    '{"user_id": 44, "event": "cut off',
    '{"user_id": 4.5}',
    "",
    "{}",
)
UNTOLD = ("no JSON, and of 4 all the same", "[4]")


def totals(spark: SparkSession, stream: Stream) -> dict[str, Any]:
    """Run the accounting at the end of an ingestion; it fails if the records do not add up."""
    raw = f"file:{stream.folder}/raw"
    contract = parse_contract(json.dumps(stream.declared))
    ledger = Ledger(spark, f"{raw}/checkpoints/{contract.name}")
    rejected = f"{raw}/rejected/{contract.name}"
    work = Ingest(spark, contract, stream.table, rejected, StreamMetrics(contract.name), ledger)
    rows, found = _totals(work, f"{raw}/checkpoints/{contract.name}")
    return {"rows": rows, **found}


def delete(spark: SparkSession, stream: Stream, entity: str) -> dict[str, Any]:
    """Delete a user."""
    options = deletion.arguments(
        [
            f"--contract={json.dumps(stream.declared)}",
            f"--feature-store=file:{stream.folder}/feature-store",
            f"--raw=file:{stream.folder}/raw",
            "--field=user_id",
            f"--entity={entity}",
            "--yes",
        ]
    )
    return dict(deletion.run(spark, options))


def test_dead_letters_of_an_entity_are_erased_and_records_add_up(spark: SparkSession, tmp_path: Path) -> None:
    stream = Stream(spark, tmp_path)
    texts = [*NAMING, *OTHERS, *UNTOLD]
    sound = [event(number) for number in range(10)]
    batch = records(spark, 0, [*sound, event(3)])
    schema = batch.schema
    time = batch.first()["kafka_time"]
    odd = spark.createDataFrame([("t", 0, 11 + at, time, "k", text) for at, text in enumerate(texts)], schema)
    last = 11 + len(texts)
    keyed = spark.createDataFrame(
        [("t", 0, last, time, "4", None), ("t", 0, last + 1, time, "4", '{"user_id": 5}')], schema
    )
    stream.batch(0, batch.unionByName(odd))
    stream.batch(1, keyed)
    assert {row["offset"] for row in stream.dead_letters()} == set(range(11, last + 2))
    folder = tmp_path / "raw/rejected/clickstream_events"
    read = totals(spark, stream)
    assert read == {"rows": 10, "records": 13 + len(texts), "rejected": len(texts) + 2, "duplicates": 1, "erased": 0}

    made = delete(spark, stream, "4")
    assert made["metrics"] == {"letters": len(NAMING) + 1, "untold": len(UNTOLD)}
    assert made["found"] == {"clickstream_events": 2}
    assert {row["user_id"] for row in stream.rows().values()} == {0, 1, 2, 3}
    left = {row["offset"]: row["value"] for row in stream.dead_letters()}
    others = {11 + at: text for at, text in enumerate(texts) if text not in NAMING}
    assert left == {**others, last + 1: '{"user_id": 5}'}
    files = list(folder.rglob("letters/**/*.parquet"))
    kept = [value for file in files for value in pq.read_table(file)["value"].to_pylist()]
    assert not set(kept) & set(NAMING)
    after = totals(spark, stream)
    assert after == {**read, "rows": 8, "rejected": len(OTHERS) + len(UNTOLD) + 1, "erased": 2 + len(NAMING) + 1}

    again = delete(spark, stream, "4")
    assert again["metrics"] == {"letters": 0, "untold": len(UNTOLD)}
    assert totals(spark, stream) == after
    # A batch that runs again, since it was killed, restores its dead letters: they are ignored, and erased again.
    stream.batch_alone(1, keyed)
    assert {row["offset"] for row in stream.dead_letters()} == left.keys()
    assert totals(spark, stream) == after
    assert delete(spark, stream, "4")["metrics"]["letters"] == 1
    assert totals(spark, stream) == after
    # One by one until nobody is left, which is no loss of records.
    for user in range(4):
        delete(spark, stream, str(user))
    assert totals(spark, stream)["rows"] == 0
    assert totals(spark, stream)["duplicates"] == 1
