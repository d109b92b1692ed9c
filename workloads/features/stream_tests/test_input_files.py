"""One table of files for all that read them: the batch job, the producer, and, in input-file.test.ts, the preview."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("confluent_kafka")

from jobs import input_file
from jobs.errors import JobError
from jobs.events import COLUMNS
from stream.producer import ProducerError, read_events

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FILES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "clickstream/tests/input-files.json").read_text())
IDS = [file["name"] for file in FILES]

Rows = list[dict[str, str]]


def written(file: dict[str, Any], folder: Path) -> Path:
    """The file in a folder."""
    path = folder / file["name"]
    path.write_bytes(base64.b64decode(file["base64"]) if "base64" in file else file["text"].encode())
    return path


def produced(path: Path, encoding: str | None) -> tuple[Rows, int]:
    """Rows that the producer reads, with the fields of the batch job, and how many are malformed."""
    messages = list(read_events(path, "session_id", encoding))
    # A row of JSON without a key is an event for the stream's contract to judge.
    rows = [json.loads(message.value) for message in messages if message.kind == "good"]
    return [{column: str(row.get(column) or "") for column in COLUMNS.values()} for row in rows], sum(
        message.kind == "malformed" for message in messages
    )


def batched(spark: SparkSession, path: Path, encoding: str | None) -> tuple[Rows, int]:
    """Rows that the batch job reads, and how many are malformed."""
    from jobs import events

    with events.reading(str(path)):
        rows = events.read(spark, str(path), None, COLUMNS, encoding).collect()
    sound = [row for row in rows if row["malformed"] is None]
    return [{column: row[field] or "" for field, column in COLUMNS.items()} for row in sound], len(rows) - len(sound)


def ordered(rows: Rows) -> Rows:
    """In an order that does not depend on who reads."""
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def require_expected(file: dict[str, Any], rows: Rows, malformed: int) -> None:
    """Fail unless as many rows were read as the table says, with the cells that it says."""
    assert (len(rows), malformed) == (file["rows"], file["malformed"])
    for column, cells in file.get("cells", {}).items():
        assert sorted(row[column] for row in rows) == cells


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_the_producer(file: dict[str, Any], tmp_path: Path) -> None:
    path = written(file, tmp_path)
    if "refused" not in file:
        require_expected(file, *produced(path, file.get("encoding")))
    elif not file["refused"].startswith("lacks "):
        # The producer asks for its key alone: what else an event must have is the contract's.
        if file["name"] == "column-twice.csv":
            return
        with pytest.raises(ProducerError) as error:
            produced(path, file.get("encoding"))
        assert str(error.value) == f"{path}: {file['refused']}"


@pytest.mark.parametrize("file", FILES, ids=IDS)
def test_the_batch_job(spark: SparkSession, file: dict[str, Any], tmp_path: Path) -> None:
    path = written(file, tmp_path)
    if "refused" in file:
        with pytest.raises(JobError) as error:
            batched(spark, path, file.get("encoding"))
        assert str(error.value) == f"{path}: {file['refused']}"
        return
    rows, malformed = batched(spark, path, file.get("encoding"))
    require_expected(file, rows, malformed)
    assert ordered(rows) == ordered(produced(path, file.get("encoding"))[0])


def test_a_folder_is_read_by_the_header_of_each_file(spark: SparkSession, tmp_path: Path) -> None:
    folder = tmp_path / "events"
    (folder / "2026").mkdir(parents=True)
    by_name = {file["name"]: file for file in FILES}
    for name in ("plain.csv", "other-order.csv", "plain.csv.gz"):
        written(by_name[name], folder)
    written(by_name["crlf.csv"], folder / "2026")
    (folder / "_SUCCESS").write_text("")
    rows, malformed = batched(spark, folder, None)
    assert (len(rows), malformed) == (12, 0)
    assert ordered(rows) == ordered(produced(folder, None)[0])
    written(by_name["lines.jsonl"], folder)
    with pytest.raises(JobError, match="holds files of several formats"):
        batched(spark, folder, None)


def test_parquet_as_pandas_and_others_write_it(spark: SparkSession, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    # 2026-01-05 10:00:00 and one nanosecond, 10:01 and 11:00.
    times = [1767607200000000001, 1767607260000000000, 1767610800000000000]
    others = {name: ["a", "b", "c"] for name in COLUMNS.values() if name not in ("timestamp", "user_id")}
    table = pa.table({"timestamp": pa.array(times, pa.timestamp("ns")), "user_id": [1, 1, 2], **others})
    pq.write_table(table, tmp_path / "nanos.parquet", version="2.6", coerce_timestamps=None)
    pq.write_table(table, tmp_path / "int96.parquet", use_deprecated_int96_timestamps=True)
    pq.write_table(table, tmp_path / "micros.parquet", coerce_timestamps="us", allow_truncated_timestamps=True)
    for name in ("nanos", "int96", "micros"):
        path = tmp_path / f"{name}.parquet"
        rows, malformed = batched(spark, path, None)
        assert malformed == 0
        assert sorted(row["timestamp"] for row in rows) == [
            "2026-01-05 10:00:00",
            "2026-01-05 10:01:00",
            "2026-01-05 11:00:00",
        ], name
        assert ordered(rows) == ordered(produced(path, None)[0]), name


def test_bytes_that_are_no_utf8_after_the_head(spark: SparkSession, tmp_path: Path) -> None:
    plain = next(file for file in FILES if file["name"] == "plain.csv")["text"]
    row = plain.splitlines()[1]
    text = plain + f"{row}\n" * (input_file.HEAD // len(row) + 10)
    path = tmp_path / "late.csv"
    path.write_bytes(text.encode() + row.replace("web", "caf\xe9").encode("latin-1") + b"\n")
    count = text.count("\n") - 1
    for rows, malformed in (produced(path, None), batched(spark, path, None)):
        assert (len(rows), malformed) == (count, 1)
