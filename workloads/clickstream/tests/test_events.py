"""Reading: formats, columns, rows that do not parse, deliveries that came twice."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from conftest import HEADER, event, parse, write_csv
from jobs import events
from jobs.errors import JobError

ROWS = [event("s1", "home", "10:00:00"), event("s1", "cart", "10:01:00"), event("s2", "search", "11:00:00")]


def read(spark: SparkSession, path: Path | str) -> list[tuple[str, str, str]]:
    rows = events.accepted(parse(spark, str(path))).collect()
    return sorted((row["session"], row["event"], str(row["time"])) for row in rows)


def test_every_format_says_the_same(spark: SparkSession, tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "events.csv", ROWS)
    expected = read(spark, plain)
    assert [name for _, name, _ in expected] == ["cart", "home", "search"]
    with gzip.open(tmp_path / "events.csv.gz", "wb") as file:
        file.write(Path(plain).read_bytes())
    lines = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "events.jsonl").write_text(lines)
    with gzip.open(tmp_path / "events.json.gz", "wt") as file:
        file.write(lines)
    spark.read.option("header", True).csv(plain).write.parquet(f"{tmp_path}/events.parquet")
    for name in ("events.csv.gz", "events.jsonl", "events.json.gz", "events.parquet"):
        assert read(spark, tmp_path / name) == expected, name


def test_columns_are_mapped(spark: SparkSession, tmp_path: Path) -> None:
    renamed = [name.replace("timestamp", "occurred.at") for name in HEADER]
    rows = [{**row, "occurred.at": row["timestamp"]} for row in ROWS]
    path = write_csv(tmp_path / "events.csv", rows, renamed)
    columns = events.parse_mapping(["time=occurred.at"])
    assert events.count(events.parse(events.read(spark, path, "csv", columns))) == events.Counts(3, 0, 0)


def test_a_missing_column_is_named_with_those_that_are_there(spark: SparkSession, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "events.csv", ROWS, [name for name in HEADER if name != "timestamp"])
    with pytest.raises(JobError, match=r"events\.csv: lacks timestamp; it has session_id, user_id"):
        parse(spark, path)


@pytest.mark.parametrize("name", ["events.csv", "events.jsonl"])
def test_an_empty_file_is_refused(spark: SparkSession, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    with pytest.raises(JobError, match=f"{name}: is empty"):
        parse(spark, str(tmp_path / name))


def test_a_file_that_is_not_there_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"none\.csv: no such file"):
        parse(spark, f"{tmp_path}/none.csv")


def test_an_unknown_format_lists_the_known_ones() -> None:
    with pytest.raises(JobError, match=r"events\.xlsx: unknown format.*\.csv\.gz.*\.parquet"):
        events.format_of("events.xlsx", None)
    with pytest.raises(JobError, match=r"--format xml: unknown format; choose one of csv, json, parquet"):
        events.format_of("events.csv", "xml")


def test_a_mapping_of_an_unknown_field_lists_the_fields() -> None:
    with pytest.raises(JobError, match=r"--column tiem=at: expected FIELD=COLUMN.*session, user"):
        events.parse_mapping(["tiem=at"])


def test_rows_that_do_not_parse_are_kept_with_a_reason(spark: SparkSession, tmp_path: Path) -> None:
    rows = [
        *ROWS,
        event("", "home", "10:00:00"),
        event("s3", " ", "10:00:00"),
        event("s3", "home", "not a time"),
        event("s3", "home", "2024"),
        event("s3", "home", "2024-13-45 10:00:00"),
    ]
    path = write_csv(tmp_path / "events.csv", rows)
    with Path(path).open("a") as file:
        file.write("one,cell\n")
    parsed = parse(spark, path)
    assert events.count(parsed) == events.Counts(events=9, duplicates=0, rejected=6)
    kept = sorted((row["reason"], row["row"]) for row in events.rejected(parsed).collect())
    assert [reason for reason, _ in kept] == [
        "the event is empty",
        "the row does not parse",
        "the session is empty",
        "the time does not parse",
        "the time does not parse",
        "the time does not parse",
    ]
    assert kept[1][1] == "one,cell"
    assert json.loads(kept[0][1])["session_id"] == "s3"


def test_json_that_does_not_parse_is_kept(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(json.dumps(ROWS[0]) + "\n{broken\n")
    parsed = parse(spark, str(path))
    assert events.count(parsed) == events.Counts(events=2, duplicates=0, rejected=1)
    assert [row["row"] for row in events.rejected(parsed).collect()] == ["{broken"]


def test_an_event_delivered_twice_counts_once(spark: SparkSession, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "events.csv", [*ROWS, ROWS[0], ROWS[0]])
    parsed = parse(spark, path)
    assert events.count(parsed) == events.Counts(events=5, duplicates=2, rejected=0)
    assert events.accepted(parsed).count() == 3


def test_what_is_not_required_may_be_empty(spark: SparkSession, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "events.csv", [event("s1", "home", "10:00:00", user_cohort="", platform=" ")])
    row = events.accepted(parse(spark, path)).first()
    assert row is not None
    assert (row["cohort"], row["platform"]) == ("unknown", "unknown")
