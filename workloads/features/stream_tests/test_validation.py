"""Tests of the validation of records against a contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("pyspark")

from stream.contract import Contract, parse_contract
from stream.validation import ADDITIONAL, REASON, REPAIRED, judge

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

CONTRACT = {
    "name": "t",
    "version": 1,
    "key": ["id"],
    "eventTime": "at",
    "orderBy": "kafka_time",
    "additional": "keep",
    "fields": {
        "id": {"type": "string", "required": True},
        "at": {"type": "timestamp", "required": True, "min": "2000-01-01T00:00:00Z"},
        "count": {"type": "long", "min": 0, "max": 100},
        "price": {"type": "double", "min": 0, "otherwise": "drop"},
        "kind": {
            "type": "string",
            "oneOf": ["a", "b"],
            "otherwise": {"default": "other"},
        },
        "weight": {"type": "double"},
        "seen": {"type": "timestamp"},
        "flag": {"type": "boolean"},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
    },
    "hudi": {},
}


def contract() -> Contract:
    """The tests' contract, as the job gets it."""
    return parse_contract(json.dumps(CONTRACT))


def judged(spark: SparkSession, *values: str | None) -> list[Row]:
    """Validate records, and return the results in their order."""
    records = spark.createDataFrame(list(enumerate(values)), "number int, value string")
    return judge(records, contract()).orderBy("number").collect()


def record(**fields: object) -> str:
    """A record that breaks no rule, with some fields changed."""
    return json.dumps({"id": "1", "at": "2026-01-01T10:00:00Z", **fields})


def test_a_good_record_has_its_types(spark: SparkSession) -> None:
    (row,) = judged(spark, record(count=7, price=1.5, kind="a", flag=True, code="x"))
    assert row[REASON] is None
    assert row[REPAIRED] == 0
    assert (row["count"], row["price"], row["kind"], row["flag"], row["code"]) == (
        7,
        1.5,
        "a",
        True,
        "x",
    )
    assert row["at"].isoformat() == "2026-01-01T10:00:00"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "not json",
        '{"id": "1"',
        "[1, 2]",
        "12",
        '"text"',
        '{"id": "1", "at": "2026-01-01T10:00:00Z"',
    ],
)
def test_what_is_no_object_is_rejected(spark: SparkSession, value: str) -> None:
    assert judged(spark, value)[0][REASON] == "not a JSON object"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "no value: a tombstone"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"}{"id":"2","at":"2026-01-01T10:00:00Z"}', "more than one JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"} {"id":"2"}', "more than one JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"},{"id":"2"}', "more than one JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"}garbage', "not a JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"}]', "not a JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z"}, 0] {}', "more than one JSON object"),
        ('[{"id":"1","at":"2026-01-01T10:00:00Z"}]', "not a JSON object"),
        ("[" * 5000, "not a JSON object"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z","x":' + "[" * 5000 + "]" * 5000 + "}", "not a JSON object"),
        (r'{"id":"\ud800","at":"2026-01-01T10:00:00Z"}', "not UTF-8"),
        (r'{"id":"\udc00x","at":"2026-01-01T10:00:00Z"}', "not UTF-8"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z","weight":1e999}', "weight: not a double"),
        ('{"id":"1","at":"2026-01-01T10:00:00Z","weight":"-1e999"}', "weight: out of the range of a double"),
    ],
)
def test_a_record_that_is_no_single_object_or_out_of_range_says_so(
    spark: SparkSession, value: str | None, reason: str
) -> None:
    assert judged(spark, value)[0][REASON] == reason


@pytest.mark.parametrize(
    "value",
    [
        r'{"id":"\ud83d\ude00","at":"2026-01-01T10:00:00Z"}',
        '{"id":"\ufffd","at":"2026-01-01T10:00:00Z"}',
        '  {"id":"}{","at":"2026-01-01T10:00:00Z"}\n',
        r'{"id":"\\ud800","at":"2026-01-01T10:00:00Z"}',
    ],
)
def test_odd_text_that_is_sound_is_accepted(spark: SparkSession, value: str) -> None:
    (row,) = judged(spark, value)
    assert (row[REASON], row["id"]) == (None, json.loads(value)["id"])


def test_bytes_that_are_no_utf8_are_rejected(spark: SparkSession) -> None:
    value = b'{"id":"caf\xe9","at":"2026-01-01T10:00:00Z"}'
    records = spark.createDataFrame([(value,)], "value binary").selectExpr("cast(value as string) as value")
    assert judge(records, contract()).select(REASON).first()[0] == "not UTF-8"


def test_an_event_may_not_be_ahead_of_its_record(spark: SparkSession) -> None:
    rows = [(record(at=at), "2026-01-01 10:00:00") for at in ("2026-01-02T09:59:59Z", "2026-01-02T10:00:01Z")]
    records = spark.createDataFrame(rows, "value string, time string").selectExpr("value", "timestamp(time) kafka_time")
    reasons = [row[REASON] for row in judge(records, contract()).orderBy("at").collect()]
    assert reasons == [None, "at: ahead of the record's own time"]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": None}, "id: missing"),
        ({"id": ""}, "id: missing"),
        ({"id": " "}, "id: missing"),
        ({"at": "0001-01-01T00:00:00Z"}, "at: before 1900-01-01T00:00:00Z"),
        ({"at": "1899-12-31T23:59:59Z"}, "at: before 1900-01-01T00:00:00Z"),
        ({"seen": "1582-10-04 00:00:00"}, "seen: before 1900-01-01T00:00:00Z"),
        ({"Colour": "red", "colour": "blue"}, "two undeclared fields differ in case only"),
        ({"ID": "2"}, "cannot be a column: ID"),
        ({"größe": 3}, "cannot be a column: größe"),
        ({"_hoodie_is_deleted": True}, "cannot be a column: _hoodie_is_deleted"),
        ({"a b": 1}, "cannot be a column: a b"),
        ({"event_date": "2026-01-01"}, "cannot be a column: event_date"),
        ({"at": None}, "at: missing"),
        ({"at": ""}, "at: missing"),
        ({"at": "yesterday"}, "at: not a timestamp"),
        ({"at": "2026-13-01T00:00:00Z"}, "at: not a timestamp"),
        ({"at": "12:30"}, "at: not a timestamp"),
        ({"at": "1999-12-31T23:59:59Z"}, "at: below 2000-01-01T00:00:00Z"),
        ({"count": "many"}, "count: not a long"),
        ({"count": 1.5}, "count: not a long"),
        ({"count": 99999999999999999999}, "count: not a long"),
        ({"count": {"a": 1}}, "count: not a long"),
        ({"count": -1}, "count: below 0"),
        ({"count": 101}, "count: above 100"),
        ({"flag": "yes"}, "flag: not a boolean"),
        ({"code": "X1"}, "code: not of the declared form"),
        ({"id": None, "count": -1}, "id: missing; count: below 0"),
    ],
)
def test_a_record_that_breaks_a_rule_says_which(spark: SparkSession, fields: dict[str, object], reason: str) -> None:
    records = spark.createDataFrame([(record(**fields),)], "value string")
    # Only the reason is collected: Python's datetime has a smaller range than Spark's timestamps.
    assert [row[REASON] for row in judge(records, contract()).select(REASON).collect()] == [reason]


@pytest.mark.parametrize("price", [-1, "NaN", "free", "Infinity"])
def test_a_field_that_may_be_dropped_is_emptied(spark: SparkSession, price: object) -> None:
    (row,) = judged(spark, record(price=price))
    assert (row[REASON], row["price"], row[REPAIRED]) == (None, None, 1)


def test_a_field_with_a_default_is_filled(spark: SparkSession) -> None:
    wrong, absent, right = judged(spark, record(kind="c"), record(), record(kind="b"))
    assert (wrong["kind"], wrong[REPAIRED]) == ("other", 1)
    # To leave out an optional field is no fault.
    assert (absent["kind"], absent[REPAIRED]) == ("other", 0)
    assert (right["kind"], right[REPAIRED]) == ("b", 0)


def test_fields_that_are_not_declared_are_kept_as_text(spark: SparkSession) -> None:
    plain, more = judged(spark, record(), record(Colour="red", size=3, deep={"a": [1]}))
    assert plain[ADDITIONAL] is None
    assert more[ADDITIONAL] == {"colour": "red", "size": "3", "deep": '{"a":[1]}'}


def test_optional_fields_may_be_absent(spark: SparkSession) -> None:
    (row,) = judged(spark, record())
    assert (row[REASON], row["count"], row["price"], row["flag"]) == (
        None,
        None,
        None,
        None,
    )
