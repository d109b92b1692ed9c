"""A table of a real PostgreSQL into one of the feature store: in full, from a mark on, and after whatever happens."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("pyspark")

from jobs import hadoop_file
from jobs.errors import JobError
from stream import dead_letters, event_table
from stream.database import Database, connection_properties, parse_source
from stream.ingest import arguments, ingest_table
from stream_tests.conftest import SPECS, Jobs, free_ports, kill
from stream_tests.local_session import require_jars
from stream_tests.postgres import PASSWORD, READER, Postgres, running

if TYPE_CHECKING:
    from pyspark.sql import Row, SparkSession

COLUMNS = """order_id bigint, customer text, amount numeric, paid boolean, placed_at timestamptz,
    due timestamp, shipped date, exact numeric, document jsonb, raw bytea, tags text[], sum money,
    updated_at timestamptz"""
FIELDS: Mapping[str, Mapping[str, object]] = {
    "order_id": {"type": "long", "required": True},
    "customer": {"type": "string", "required": True},
    "amount": {"type": "double", "min": 0},
    "paid": {"type": "boolean"},
    "placed_at": {"type": "timestamp", "required": True},
}
HUDI = {
    **SPECS["contract"]["hudi"],  # type: ignore[index]
    "hoodie.datasource.write.recordkey.field": "order_id,event_date",
    "hoodie.bucket.index.hash.field": "order_id",
}


class Killed(BaseException):
    """The end of a process, which nothing in it can catch."""


class Shop:
    """A database with a table of orders, and an ingestion of it."""

    def __init__(self, spark: SparkSession, server: Postgres, folder: Path) -> None:
        self.spark, self.server, self.folder = spark, server, folder
        self.url = server.url
        self.table = "public.orders"
        self.fields: dict[str, Mapping[str, object]] = dict(FIELDS)
        self.additional = "ignore"
        self.moves_within_days = 0
        self.make_anew()

    def make_anew(self) -> None:
        """An empty table in place of the one that is there."""
        self.server.sql(
            "DROP TABLE IF EXISTS orders",
            f"CREATE TABLE orders ({COLUMNS})",
            f"GRANT USAGE ON SCHEMA public TO {READER}",
            f"GRANT SELECT ON orders TO {READER}",
        )

    def order(self, number: int, updated_at: str = "NULL", amount: str = "1", placed_at: str = "'2026-01-05'") -> None:
        """Insert an order, its values as SQL writes them."""
        names = "order_id, customer, amount, placed_at, updated_at"
        self.server.sql(f"INSERT INTO orders ({names}) VALUES ({number}, 'ada', {amount}, {placed_at}, {updated_at})")

    def contract(self) -> dict[str, object]:
        """Contract of an order, with the settings of this test."""
        return {
            **{"name": "orders", "version": 1, "key": ["order_id"], "eventTime": "placed_at"},
            **{"orderBy": "kafka_time", "additional": self.additional, "movesWithinDays": self.moves_within_days},
            **{"fields": self.fields, "hudi": HUDI},
        }

    def read(self, *more: str, **source: object) -> dict[str, Any]:
        """Read the table, and account for every record."""
        declared = {"url": self.url, "table": self.table, "secret": "shop-db", **source}
        given = [f"--contract={json.dumps(self.contract())}", f"--database={json.dumps(declared)}"]
        places = [f"--feature-store=file:{self.folder}/features", f"--raw=file:{self.folder}/raw"]
        made = ingest_table(self.spark, arguments([*given, *places, *more]))
        found = {name: made["metrics"][name] for name in ("records", "rejected", "duplicates", "read")}  # type: ignore[index]
        assert made["rows"] + found["rejected"] + found["duplicates"] == found["records"]
        return {"rows": made["rows"], **found}

    def rows(self) -> dict[int, Row]:
        """The feature store's table by order."""
        rows = self.spark.read.format("hudi").load(f"file:{self.folder}/features/orders").collect()
        assert len({row["order_id"] for row in rows}) == len(rows)
        return {row["order_id"]: row for row in rows}

    def dead_letters(self) -> dict[int, str]:
        """Reasons of the dead letters, by the number of the record."""
        found = dead_letters.read(self.spark, f"file:{self.folder}/raw/rejected/orders")
        return {} if found is None else {row["offset"]: row["reason"] for row in found.collect()}

    def refusal(self, **source: object) -> str:
        """Run a read that must fail, and return its message: one line without the password."""
        with pytest.raises(JobError) as failed:
            self.read(**source)
        text = str(failed.value)
        assert PASSWORD not in text
        assert "\n" not in text
        return text


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    require_jars("postgresql-*")
    with running() as made:
        yield made


@pytest.fixture
def shop(spark: SparkSession, server: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("DATABASE_USERNAME", READER)
    monkeypatch.setenv("DATABASE_PASSWORD", PASSWORD)
    return Shop(spark, server, tmp_path)


def test_a_table_is_read_in_full_with_the_values_that_it_has(shop: Shop) -> None:
    shop.fields |= {
        **{name: {"type": "timestamp"} for name in ("due", "shipped")},
        **{name: {"type": "string"} for name in ("exact", "document", "raw", "tags", "sum")},
    }
    shop.server.sql(
        r"""INSERT INTO orders VALUES (9007199254740993, 'größe "漢"', 12.30, true, '2026-01-05 01:30:00.123456+02',
        '2026-07-05 10:00', '2026-01-05', 123456789012345678901234567890.123456789, '{"a": [1.00000000000000000001]}',
        '\\x00ff', '{a,"b c"}', '12.5', NULL)"""
    )
    shop.order(2, amount="-1")
    shop.order(3, amount="'NaN'")
    shop.order(4, placed_at="'infinity'")
    shop.order(5, placed_at="NULL")
    berlin = {"timeZone": "Europe/Berlin"}
    assert shop.read(**berlin) == {"rows": 1, "records": 5, "rejected": 4, "duplicates": 0, "read": 5}
    assert sorted(shop.dead_letters().values()) == [
        "amount: below 0",
        "amount: not a double",
        "placed_at: missing",
        "placed_at: not a timestamp",
    ]
    (row,) = shop.rows().values()
    times = {name: row[name].astimezone(UTC).isoformat() for name in ("placed_at", "due", "shipped")}
    assert times == {
        "placed_at": "2026-01-04T23:30:00.123456+00:00",
        "due": "2026-07-05T08:00:00+00:00",
        "shipped": "2026-01-04T23:00:00+00:00",
    }
    assert (row["order_id"], row["customer"], row["amount"], row["paid"]) == (
        9007199254740993,
        'größe "漢"',
        12.3,
        True,
    )
    assert {name: row[name] for name in ("exact", "document", "raw", "tags")} == {
        "exact": "123456789012345678901234567890.123456789",
        "document": '{"a": [1.00000000000000000001]}',
        "raw": "\\x00ff",
        "tags": '["a","b c"]',
    }
    # One that was corrected, one that is new, and one that is gone, of which a read knows nothing.
    shop.server.sql(
        "UPDATE orders SET amount = 7, placed_at = '2026-01-05' WHERE order_id IN (2, 4)",
        "UPDATE orders SET placed_at = '2026-01-06', amount = 8 WHERE order_id > 1000",
        "DELETE FROM orders WHERE order_id = 3",
    )
    shop.moves_within_days = 2
    assert shop.read(**berlin) == {"rows": 3, "records": 9, "rejected": 5, "duplicates": 1, "read": 4}
    assert {number: row["amount"] for number, row in shop.rows().items()} == {2: 7.0, 4: 7.0, 9007199254740993: 8.0}
    assert len(shop.dead_letters()) == 5


def test_what_has_changed_is_read_and_no_tie_is_lost(shop: Shop) -> None:
    since = {"incremental": "updated_at", "overlap": 300}
    for number, at in enumerate(("'2026-01-05 08:00+00'", "'2026-01-05 09:00+00'", "'2026-01-05 09:00+00'", "NULL"), 1):
        shop.order(number, at)
    shop.order(5, "'9999-01-01'")
    assert shop.read(**since) == {"rows": 5, "records": 5, "rejected": 0, "duplicates": 0, "read": 5}
    shop.order(6, "'2026-01-05 09:00+00'")
    # A row of a transaction that began before the read and ended after it; and an older one, which is read again.
    shop.order(7, "'2026-01-05 08:55+00'")
    shop.order(8, "'2026-01-05 08:54:59+00'")
    shop.server.sql("UPDATE orders SET amount = 7, updated_at = '2026-01-05 12:00+02' WHERE order_id = 1")
    assert shop.read(**since) == {"rows": 7, "records": 12, "rejected": 0, "duplicates": 5, "read": 7}
    assert shop.rows().keys() == {1, 2, 3, 4, 5, 6, 7}
    assert shop.rows()[1]["amount"] == 7.0
    # Rows without a value or with a time in the future, and the newest row.
    assert shop.read(**since)["read"] == 3
    # A table that was dropped and created again under the same name.
    shop.make_anew()
    shop.order(20, "'2020-01-01'")
    assert shop.read(**since) == {"rows": 8, "records": 16, "rejected": 0, "duplicates": 8, "read": 1}


def test_a_run_that_is_killed_is_repeated_on_the_rows_that_it_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2, 3):
        shop.order(number)
    shop.order(4, amount="-1")

    def run_until(place: str) -> None:
        written, upserted = hadoop_file.write_text, event_table.upsert

        def write_text(spark: SparkSession, file: str, text: str) -> None:
            if place in file:
                # Some stores show a file's name before its content.
                written(spark, file, "")
                raise Killed
            written(spark, file, text)

        def upsert(*given: Any, **named: Any) -> None:  # noqa: ANN401 - whatever it is given
            if place == "upsert":
                raise Killed
            upserted(*given, **named)

        with monkeypatch.context() as patched:
            patched.setattr(hadoop_file, "write_text", write_text)
            patched.setattr(event_table, "upsert", upsert)
            with pytest.raises(Killed):
                shop.read()

    # Rows are kept, of a read that nobody knows of: it is made again.
    run_until("/reads/0")
    shop.order(5)
    run_until("upsert")
    # From here on the database has other rows.
    shop.server.sql("DELETE FROM orders WHERE order_id = 1")
    shop.order(6)
    run_until("/ledger/0")
    # Five of the first read, and 2 to 6 of the next one.
    assert shop.read() == {"rows": 5, "records": 10, "rejected": 2, "duplicates": 3, "read": 10}
    assert shop.rows().keys() == {1, 2, 3, 5, 6}
    assert not [*(shop.folder / "raw/checkpoints/orders/rows").iterdir()]


@pytest.mark.skipif("MLSTACK_STREAM_EVENTS" not in os.environ, reason="takes minutes")
def test_a_process_that_is_killed_loses_and_doubles_nothing(shop: Shop, settings: Mapping[str, str]) -> None:
    shop.server.sql(
        "INSERT INTO orders (order_id, customer, amount, placed_at, updated_at) SELECT i, 'ada', "
        "CASE i % 100 WHEN 0 THEN -1 ELSE i END, '2026-01-01'::timestamptz + i % 3 * interval '1 day', "
        "'2026-01-05'::timestamptz + i * interval '1 second' FROM generate_series(1, 20000) i"
    )
    declared = {"url": shop.url, "table": shop.table, "secret": "shop-db", "incremental": "updated_at"}
    shared = {"overlap": 300, "partitionColumn": "order_id", "partitions": 3}
    given = (f"--database={json.dumps({**declared, **shared})}", "--batch=7000")
    jobs = Jobs(shop.folder, "", settings)
    noted = "raw/checkpoints/orders"
    under_way = "feature-store/orders/.hoodie/timeline/*.deltacommit.inflight"
    # Rows are kept and nothing is written; a commit is under way; one has ended and its batch has not.
    for gone, place in enumerate((f"{noted}/reads/0", under_way, f"{noted}/ledger/1"), 1):
        job = jobs.start(*given, contract=shop.contract())
        while not list(shop.folder.glob(place)):
            assert job.poll() is None, (shop.folder / "job.log").read_text()
            time.sleep(0.01)
        kill(job)
        # The database has other rows from here on.
        shop.server.sql(f"DELETE FROM orders WHERE order_id = {gone}")
    made = jobs.run(*given, contract=shop.contract())
    # All of the first read, and the 301 seconds up to its mark once more.
    told = {name: made["metrics"][name] for name in ("records", "rejected", "duplicates")}
    assert (made["rows"], told) == (19800, {"records": 20301, "rejected": 204, "duplicates": 297})
    table = shop.spark.read.format("hudi").load(f"file:{shop.folder}/feature-store/orders")
    assert table.select("order_id").distinct().count() == table.count() == 19800
    assert PASSWORD not in (shop.folder / "job.log").read_text()


def test_names_of_any_text_are_names_and_connections_share_the_rows(shop: Shop) -> None:
    shop.order(1)
    shop.table = 'Odd "S.T"; DROP TABLE orders; --'
    names = {"schema": '"Odd ""S"', "table": '"Odd ""S"."T""; DROP TABLE orders; --"', "column": '"Id""?"'}
    values = [f"({at}, 'ada', 1, true, '2026-01-05', {at * 10}, '{at}')" for at in range(1, 11)]
    shop.server.sql(
        f"CREATE SCHEMA {names['schema']}",
        f"CREATE TABLE {names['table']} (order_id bigint, customer text, amount numeric, paid boolean,"
        f" placed_at timestamptz, {names['column']} int, colour text)",
        f"INSERT INTO {names['table']} VALUES {', '.join(values)}, (11, 'ada', 1, true, '2026-01-05', NULL, '11')",
        f"GRANT USAGE ON SCHEMA {names['schema']} TO {READER}",
        f"GRANT SELECT ON {names['table']} TO {READER}",
    )
    shared = {"partitionColumn": 'Id"?', "partitions": 3}
    assert shop.read("--batch=6", **shared) == {"rows": 11, "records": 11, "rejected": 0, "duplicates": 0, "read": 11}
    shop.additional = "keep"
    assert "cannot be a column of the data set" in shop.refusal(**shared)
    shop.server.sql(f"ALTER TABLE {names['table']} RENAME {names['column']} TO ident")
    # From the greatest number on: another column than that of the last read begins at the first row.
    by_number = {"incremental": "order_id", "overlap": 2}
    assert shop.read(partitionColumn="ident", partitions=64, **by_number)["duplicates"] == 11
    assert shop.read(**by_number)["read"] == 3
    assert {number: row["colour"] for number, row in shop.rows().items()} == {at: str(at) for at in range(1, 12)}
    shop.server.sql("SELECT 1 FROM orders")


def test_what_a_database_refuses_is_told_in_a_line(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    url = shop.url
    shop.table = "public.Orders"
    assert shop.refusal() == (
        f'{url}: the database has no table "public"."Orders"; correct source.jdbc.table: SCHEMA.TABLE as the database '
        "spells it, capitals included"
    )
    shop.table = "orders"
    assert "has no column changed, which source.jdbc.incremental names; it has order_id, " in shop.refusal(
        incremental="changed"
    )
    assert 'orders".customer is of type text; name a column of one of date, int2' in shop.refusal(
        incremental="customer"
    )
    shop.fields["sum"] = {"type": "double"}
    assert '"orders".sum is of type money, which is no double; declare the field as a string' in shop.refusal()
    shop.fields["sum"] = {"type": "string"}
    shop.fields["size"] = {"type": "string"}
    assert '"orders" has no column size, which the contract names; it has order_id, ' in shop.refusal()
    del shop.fields["size"]
    shop.server.sql(f"REVOKE SELECT ON orders FROM {READER}")
    assert shop.refusal() == (
        f'{url}: {READER} may not read "public"."orders"; let its owner run: GRANT USAGE ON SCHEMA "public" TO '
        f'"{READER}"; GRANT SELECT ON "public"."orders" TO "{READER}"'
    )
    shop.server.sql("CREATE VIEW seen AS SELECT 1 / 0 AS broken, * FROM orders", f"GRANT SELECT ON seen TO {READER}")
    shop.order(1)
    shop.table = "seen"
    shop.fields["broken"] = {"type": "long"}
    assert "division by zero" in shop.refusal()
    shop.server.sql("DROP VIEW seen")
    shop.url = f"{url}-absent"
    assert 'database "shop-absent" does not exist; correct the database at the end of source.jdbc.url' in shop.refusal()
    shop.url = f"jdbc:postgresql://127.0.0.1:{free_ports(1)[0]}/shop"
    assert "refused" in shop.refusal()
    assert "correct host and port in source.jdbc.url" in shop.refusal()
    shop.url = "jdbc:postgresql://absent.invalid/shop"
    assert "UnknownHostException: absent.invalid; correct host and port" in shop.refusal()
    shop.url = url
    monkeypatch.setenv("DATABASE_PASSWORD", "wrong")
    refused = shop.refusal()
    assert f'FATAL: password authentication failed for user "{READER}"; correct the keys username' in refused
    assert "of the Secret shop-db in the team's namespace" in refused
    monkeypatch.delenv("DATABASE_PASSWORD")
    assert "set the key password of the Secret shop-db" in shop.refusal()


def test_the_server_is_known_by_its_certificate(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(mode: str) -> str:
        declared = {"url": f"{shop.url}?sslmode={mode}", "table": "orders", "secret": "shop-db"}
        source = parse_source(json.dumps(declared))
        environment = {"DATABASE_USERNAME": READER, "DATABASE_PASSWORD": PASSWORD, **authority}
        properties = connection_properties(source, environment)
        with Database.connected(shop.spark, source, properties) as database:
            ((encrypted,),) = database.rows("SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            return str(encrypted)

    authority: dict[str, str] = {}
    assert [connect("disable"), connect("require")] == ["false", "true"]
    with pytest.raises(JobError, match=r"PKIX.*; put the certificate of .* key ca\.crt of the Secret shop-db"):
        connect("verify-full")
    authority["DATABASE_CA"] = shop.server.authority
    assert connect("verify-full") == "true"
