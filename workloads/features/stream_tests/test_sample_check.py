"""Findings of `npm run features -- check` on records, compared with the stream's own rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark")

from stream.contract import Contract, parse_contract
from stream.validation import REASON, judge
from stream_tests.conftest import ROOT, SPECS
from stream_tests.hostile import hostile_records
from stream_tests.test_validation import CONTRACT, record

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TSX = ROOT / "node_modules/.bin/tsx"
WORDED_ALIKE = [
    record(),
    record(count=7, price=1.5, kind="a", flag=True, code="x"),
    record(kind="c"),
    record(price=-1),
    "[1, 2]",
    "12",
    "not json",
    '{"id": "1"',
    record(id=None),
    record(id=" "),
    record(at="0001-01-01T00:00:00Z"),
    record(seen="1582-10-04 00:00:00"),
    record(at=""),
    record(at="yesterday"),
    record(at="2026-13-01T00:00:00Z"),
    record(at="2026-02-30T00:00:00Z"),
    record(at="2026-02-28T00:00:00+02:00"),
    record(at="2026-02-28 24:00:00Z"),
    record(at="12:30"),
    record(at="1999-12-31T23:59:59Z"),
    record(count="many"),
    record(count=1.5),
    record(count=1.0),
    record(count=99999999999999999999),
    record(count=9223372036854775807),
    record(count=9223372036854775808),
    record(count={"a": 1}),
    record(count=-1),
    record(count=101),
    record(weight=1e308),
    record(weight="-1e999"),
    record(flag="yes"),
    record(flag="true"),
    record(code="X1"),
    record(code=""),
    record(id="a,b:c"),
    record(id=None, count=-1),
]


def checked(contract: dict[str, object], records: list[str]) -> list[str | None]:
    """The faults of each record, as the command finds them."""
    if not Path(TSX).exists() or shutil.which("node") is None:
        pytest.skip("the project's Node packages are not installed")
    given = json.dumps({"contract": contract, "records": records})
    command = [str(TSX), str(ROOT / "workloads/features/judge-records.ts")]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=True, timeout=120)
    return ["; ".join(faults) or None for faults in json.loads(done.stdout)]


def judged(spark: SparkSession, contract: Contract, records: list[str]) -> list[str | None]:
    """The reasons of each record, as the stream finds them."""
    frame = spark.createDataFrame(list(enumerate(records)), "number int, value string")
    return [row[REASON] for row in judge(frame, contract).orderBy("number").select(REASON).collect()]


def complete(contract: dict[str, object]) -> dict[str, object]:
    """A contract with the defaults that TypeScript fills in."""
    fields: dict[str, dict[str, object]] = contract["fields"]  # type: ignore[assignment]
    filled = {name: {"required": False, "otherwise": "reject", **field} for name, field in fields.items()}
    return {**contract, "fields": filled}


def test_both_say_the_same_of_what_people_write(spark: SparkSession) -> None:
    contract = {**CONTRACT, "additional": "ignore"}
    found = judged(spark, parse_contract(json.dumps(contract)), WORDED_ALIKE)
    told = checked(complete(contract), WORDED_ALIKE)
    assert list(zip(WORDED_ALIKE, told, strict=True)) == list(zip(WORDED_ALIKE, found, strict=True))


def test_what_the_check_accepts_the_stream_accepts(spark: SparkSession) -> None:
    made = [each.value for each in hostile_records(3000, 11) if each.value is not None]
    records = [text for value in made if "\ufffd" not in (text := value.decode(errors="replace"))]
    found = judged(spark, parse_contract(json.dumps(SPECS["contract"])), records)
    told = checked(SPECS["contract"], records)
    both = [(text, fault) for text, ours, fault in zip(records, told, found, strict=True) if ours is None and fault]
    assert both == []
    assert sum(fault is None for fault in told) > 1000
