"""A table of a PostgreSQL database: its declaration, its description in the catalogue, and statements that read it.

Names and values come from a declaration: each is quoted in a statement, so that none is executed as SQL.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.errors import JobError
from jobs.jvm import jvm
from stream.contract import KAFKA_TIME, PARTITION, Contract, Type
from stream.event_table import MOST_ADDITIONAL
from stream.validation import COLUMN_NAME

VALUE = "value"
"""Column with the row as a JSON object, one field per column, written by the database, which knows the types."""

_DRIVER = "org.postgresql.Driver"

_SESSION = (
    "SET TIME ZONE 'UTC'; SET DateStyle = 'ISO, YMD'; SET bytea_output = 'hex'; SET extra_float_digits = 1; "
    "SET standard_conforming_strings = on"
)
"""Session settings that fix the format of values and quotes, independent of those of the database and the role."""

_FETCHED = "2000"
"""Rows that the driver fetches at once; by default it fetches all."""

_TEXTS = frozenset({"text", "varchar", "bpchar", "name", "unknown"})
_WHOLE = frozenset({"int2", "int4", "int8"})
_TIMES = frozenset({"timestamptz", "timestamp", "date"})
_FITS: Mapping[Type, frozenset[str]] = {
    "long": _WHOLE | _TEXTS | {"numeric"},
    "double": _WHOLE | _TEXTS | {"numeric", "float4", "float8"},
    "boolean": _TEXTS | {"bool"},
    "timestamp": _TEXTS | _TIMES,
}
"""Column types accepted for a field's type; each value is validated. A string field accepts any column type."""

_WATERMARK = re.compile(r"[-0-9A-Z :.+]+")


@dataclass(frozen=True)
class Source:
    """A table as a stack declares it."""

    url: str
    """Without credentials."""
    table: str
    """`SCHEMA.TABLE`, as the database spells it."""
    secret: str
    """Name of the Secret with the credentials, for error messages."""
    incremental: str | None = None
    """Column that grows with every change of a row; all rows are read each time without one."""
    overlap: int = 0
    """Distance below the high-water mark that is read again: seconds for a time, else a number."""
    partition_column: str | None = None
    """Column of whole numbers by whose ranges connections share the rows."""
    partitions: int = 1
    time_zone: str = "UTC"
    """Time zone of the table's times without a zone."""

    @property
    def id(self) -> str:
        """Hash of the database's URL and the table's name; it keeps rows and checkpoints of tables apart."""
        return "table-" + hashlib.sha256(f"{self.url.split('?')[0]} {self.table}".encode()).hexdigest()[:20]

    @property
    def names(self) -> tuple[str, str]:
        """Schema and table."""
        schema, _, table = self.table.rpartition(".")
        return schema or "public", table


@dataclass(frozen=True)
class Column:
    """A column of a table, as the catalogue describes it."""

    name: str
    type: str
    readable: bool


@dataclass(frozen=True)
class Table:
    """A table as the database has it."""

    id: str
    """Identity in the database: a table that was recreated under the same name has another."""
    columns: Mapping[str, Column]


def parse_source(text: str) -> Source:
    """Read a declaration; TypeScript has checked it."""
    declared = json.loads(text)
    return Source(
        url=declared["url"],
        table=declared["table"],
        secret=declared["secret"],
        incremental=declared.get("incremental"),
        overlap=declared.get("overlap", 0),
        partition_column=declared.get("partitionColumn"),
        partitions=declared.get("partitions", 1),
        time_zone=declared.get("timeZone", "UTC"),
    )


def connection_properties(source: Source, environment: Mapping[str, str]) -> dict[str, str]:
    """Settings of the driver, with the credentials that the job's pods get from the Secret.

    @raises JobError where they have none
    """
    for name, key in (("DATABASE_USERNAME", "username"), ("DATABASE_PASSWORD", "password")):
        if not environment.get(name):
            raise JobError(f"{source.url}: set the key {key} of the Secret {source.secret} in the team's namespace")
    verified = {}
    if re.search(r"[?&]sslmode=verify-", source.url):
        # By default, the driver reads a certificate from a file in the user's home.
        verified = {"sslfactory": "org.postgresql.ssl.DefaultJavaSSLFactory"}
        if environment.get("DATABASE_CA"):
            verified = {
                "sslfactory": "org.postgresql.ssl.SingleCertValidatingFactory",
                "sslfactoryarg": environment["DATABASE_CA"].strip(),
            }
    return {
        "user": environment["DATABASE_USERNAME"],
        "password": environment["DATABASE_PASSWORD"],
        "ApplicationName": "mlstack",
        "connectTimeout": "15",
        "loginTimeout": "30",
        "tcpKeepAlive": "true",
        "readOnly": "true",
        "readOnlyMode": "always",
        **verified,
    }


@dataclass(frozen=True)
class Database:
    """A JDBC connection for queries of a few rows."""

    connection: JavaObject
    source: Source
    user: str

    @staticmethod
    @contextmanager
    def connected(spark: SparkSession, source: Source, properties: Mapping[str, str]) -> Iterator[Database]:
        """Connect for the block. @raises JobError where the database refuses the login, or does not answer."""
        classes = jvm(spark)
        given = classes.java.util.Properties()
        for name, value in properties.items():
            given.setProperty(name, value)
        with explained(source, properties["user"]):
            connection = classes.org.postgresql.Driver().connect(source.url, given)
            try:
                database = Database(connection, source, properties["user"])
                statement = connection.createStatement()
                statement.execute(_SESSION)
                statement.close()
                yield database
            finally:
                connection.close()

    def rows(self, statement: str, *values: str) -> list[tuple[str | None, ...]]:
        """Rows of a statement's result, as text; its question marks are bound to the values."""
        prepared = self.connection.prepareStatement(statement)
        try:
            for at, value in enumerate(values, 1):
                prepared.setString(at, value)
            answer = prepared.executeQuery()
            width = answer.getMetaData().getColumnCount()
            found: list[tuple[str | None, ...]] = []
            while answer.next():
                found.append(tuple(answer.getString(at) for at in range(1, width + 1)))
            return found
        finally:
            prepared.close()


def describe(database: Database, contract: Contract) -> Table:
    """Read the table's description from the catalogue.

    @raises JobError where it cannot be read into the contract's fields
    """
    source = database.source
    schema, name = source.names
    relation = f"{quoted_name(schema)}.{quoted_name(name)}"
    found = database.rows(
        "SELECT c.oid::text, (pg_catalog.has_schema_privilege(n.oid, 'USAGE')"
        " AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT'))::text"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = ? AND c.relname = ? AND c.relkind IN ('r', 'p', 'v', 'm', 'f')",
        schema,
        name,
    )
    if not found:
        raise JobError(
            f"{source.url}: the database has no table {relation}; correct source.jdbc.table: SCHEMA.TABLE as the "
            "database spells it, capitals included"
        )
    grant = f"GRANT USAGE ON SCHEMA {quoted_name(schema)} TO {quoted_name(database.user)}; "
    grant += f"GRANT SELECT ON {relation} TO {quoted_name(database.user)}"
    ((oid, readable),) = found
    if readable != "true":
        raise JobError(f"{source.url}: {database.user} may not read {relation}; let its owner run: {grant}")
    columns = {
        str(column): Column(str(column), str(kind), may_read == "true")
        for column, kind, may_read in database.rows(
            "SELECT a.attname, coalesce(b.typname, t.typname),"
            " pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'SELECT')::text"
            " FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
            " LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype"
            " WHERE a.attrelid = ?::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
            str(oid),
        )
    }
    asked = {field.name: "the contract" for field in contract.fields}
    asked |= {column: "source.jdbc.partitionColumn" for column in [source.partition_column] if column}
    asked |= {column: "source.jdbc.incremental" for column in [source.incremental] if column}
    for column, place in asked.items():
        if column not in columns:
            raise JobError(
                f"{source.url}: {relation} has no column {column}, which {place} names; it has {', '.join(columns)}"
            )
        if not columns[column].readable:
            raise JobError(
                f"{source.url}: {database.user} may not read {relation}.{column}; let its owner run: {grant}"
            )
    _require_types(source, contract, relation, columns)
    if contract.additional == "keep":
        _require_names(source, relation, columns, {field.name for field in contract.fields})
    return Table(str(oid), columns)


def _require_types(source: Source, contract: Contract, relation: str, columns: Mapping[str, Column]) -> None:
    for field in contract.fields:
        kind = columns[field.name].type
        if field.type != "string" and kind not in _FITS[field.type]:
            raise JobError(
                f"{source.url}: {relation}.{field.name} is of type {kind}, which is no {field.type}; declare the field "
                "as a string, or read a view of the database that casts it"
            )
    for column, place, fit in (
        (source.incremental, "incremental", _WHOLE | _TIMES),
        (source.partition_column, "partitionColumn", _WHOLE),
    ):
        if column is not None and columns[column].type not in fit:
            raise JobError(
                f"{source.url}: {relation}.{column} is of type {columns[column].type}; name a column of one of "
                f"{', '.join(sorted(fit))} in source.jdbc.{place}"
            )


def _require_names(source: Source, relation: str, columns: Mapping[str, Column], declared: set[str]) -> None:
    readable = [name for name, column in columns.items() if column.readable]
    additional = set(readable) - declared
    if len(additional) > MOST_ADDITIONAL:
        raise JobError(
            f"{source.url}: {relation} has {len(additional)} columns that the contract does not declare, and it keeps "
            f"at most {MOST_ADDITIONAL}; declare them, write additional: ignore, or read a view of the database"
        )
    for name in readable:
        lower = name.lower()
        alike = [each for each in readable if each.lower() == lower]
        if not re.fullmatch(COLUMN_NAME, lower) or lower in (KAFKA_TIME, PARTITION) or len(alike) > 1:
            raise JobError(
                f"{source.url}: {relation}.{name} cannot be a column of the data set, whose contract keeps additional "
                "ones; write additional: ignore, or read a view of the database that gives it a name of its own in "
                "letters, digits and underscores"
            )


def next_watermark(database: Database, table: Table, watermark: str | None) -> tuple[str, str | None]:
    """The database's time, and the high-water mark at which the next read begins.

    It is queried before a read, so that it never lies above a row that the read misses. Times in the future are left
    out: a single row of the year 9999 would hide all later changes.
    """
    source = database.source
    moment = 'pg_catalog.to_char(pg_catalog.now(), \'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\')'
    if source.incremental is None:
        ((now, _),) = database.rows(f"SELECT {moment}, NULL")
        return str(now), None
    column, kind = quoted_name(source.incremental), table.columns[source.incremental].type
    known = "NULL" if watermark is None else _typed(watermark, kind)
    past = ""
    if kind in _TIMES:
        present = "pg_catalog.now()" if kind == "timestamptz" else f"(pg_catalog.now() AT TIME ZONE {_zone(source)})"
        past = f" FILTER (WHERE pg_catalog.isfinite({column}) AND {column} <= {present}::{kind})"
    greatest = f"greatest(max({column}){past}, {known}::{kind})"
    ((now, reached),) = database.rows(
        f"SELECT {moment}, ({greatest})::text FROM {_relation(source)}{_where(_since(source, table, watermark))}"
    )
    return str(now), reached


def statements(database: Database, contract: Contract, table: Table, watermark: str | None) -> list[str]:
    """Statements, one per connection, that together read each of the table's rows from a high-water mark on once."""
    source = database.source
    since = _since(source, table, watermark)
    fields = {field.name: _expression(source, table.columns[field.name], field.type) for field in contract.fields}
    if contract.additional == "keep":
        fields |= {
            name: _expression(source, column, "string")
            for name, column in table.columns.items()
            if name not in fields and column.readable
        }
    shown = ", ".join(f"{expression} AS {quoted_name(name)}" for name, expression in fields.items())
    return [
        f"SELECT pg_catalog.row_to_json(r)::text AS {VALUE} FROM "
        f"(SELECT {shown} FROM {_relation(source)}{_where(since, share)}) r"
        for share in _shares(database, since)
    ]


def _shares(database: Database, since: str | None) -> Sequence[str | None]:
    """Conditions that divide the rows among connections."""
    source = database.source
    if source.partition_column is None:
        return [None]
    column = quoted_name(source.partition_column)
    ((least, most),) = database.rows(
        f"SELECT min({column})::text, max({column})::text FROM {_relation(source)}{_where(since)}"
    )
    if least is None or most is None:
        return [None]
    low, high = int(least), int(most)
    count = min(source.partitions, high - low + 1)
    edges = [low + (high - low + 1) * at // count for at in range(1, count)]
    if not edges:
        return [None]
    # The outer ranges are open and include nulls, so that rows inserted meanwhile are read too.
    return [
        f"({column} < {edges[0]} OR {column} IS NULL)",
        *(f"{column} >= {start} AND {column} < {end}" for start, end in itertools.pairwise(edges)),
        f"{column} >= {edges[-1]}",
    ]


def read(spark: SparkSession, source: Source, properties: Mapping[str, str], statement: str) -> DataFrame:
    """Rows of a statement as text, in one partition."""
    return (
        spark.read.format("jdbc")
        .options(**properties)
        .option("url", source.url)
        .option("driver", _DRIVER)
        .option("fetchsize", _FETCHED)
        .option("sessionInitStatement", _SESSION)
        .option("query", statement)
        .load()
        .select(F.col(VALUE).cast("string"))
    )


@contextmanager
def explained(source: Source, user: str) -> Iterator[None]:
    """Turn an error of the database or its driver into one line with a remedy.

    @raises JobError with that line
    """
    try:
        yield
    except JobError:
        raise
    except Exception as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        state, text = refusal
        remedy = next((said for begin, said in _REMEDIES if state.startswith(begin)), "")
        if re.search("certificat|certification path|hostnameverifier", text):
            remedy = _CERTIFICATE
        said = remedy.format(secret=source.secret, user=user, table=source.table)
        raise JobError(f"{source.url}: {text.rstrip('. ')}" + (f"; {said}" if said else "")) from error


# Remedies by prefix of the SQLSTATE.
_REMEDIES = (
    (
        "28",
        "correct the keys username and password of the Secret {secret} in the team's namespace, or let {user} in by "
        "the server's pg_hba.conf",
    ),
    (
        "08",
        "correct host and port in source.jdbc.url, and see that the server listens and that its firewall lets this "
        "cluster's nodes in",
    ),
    ("3D", "correct the database at the end of source.jdbc.url"),
    ("42501", "let the owner grant SELECT on {table} to {user}, with all that a view reads"),
    ("53", "let {user} have more connections, or set fewer source.jdbc.partitions"),
    ("57", "run it again once the server is up"),
    ("22", "correct the row in the database"),
)

_CERTIFICATE = (
    "put the certificate of the authority that signed the server's into the key ca.crt of the Secret {secret}, and "
    "name the host in source.jdbc.url as the server's certificate does"
)

_PSQL = re.compile(r"PSQLException: (?P<text>[^\n]+)")


def _refusal(error: BaseException) -> tuple[str, str] | None:
    """SQLSTATE and message of the driver's exception, if it is one; an executor's may keep only the message."""
    if not isinstance(error, Py4JJavaError):
        return None
    cause, deepest = error.java_exception, error.java_exception
    found: tuple[str, str] | None = None
    while cause is not None:
        deepest = cause
        if found is None and cause.getClass().getName().startswith("org.postgresql."):
            found = (str(cause.getSQLState() or ""), str(cause.getMessage()).splitlines()[0])
        cause = cause.getCause()
    if found is None:
        matched = _PSQL.search(str(error.java_exception.toString()))
        return ("", matched["text"]) if matched else None
    state, text = found
    inner = str(deepest.toString()).splitlines()[0]
    # "The connection attempt failed." alone does not say why.
    return state, f"{text} {inner}" if text.endswith("failed.") and "PSQLException" not in inner else text


def quoted_name(name: str) -> str:
    """Quote a name as an SQL identifier."""
    if "\0" in name:
        raise JobError(f"{name!r}: no name has a NUL in it")
    return '"' + name.replace('"', '""') + '"'


def quoted_text(text: str) -> str:
    """Quote a text as an SQL literal, for `standard_conforming_strings = on`."""
    return "'" + text.replace("'", "''") + "'"


def _relation(source: Source) -> str:
    schema, table = source.names
    return f"{quoted_name(schema)}.{quoted_name(table)}"


def _zone(source: Source) -> str:
    return quoted_text(source.time_zone)


def _expression(source: Source, column: Column, kind: Type) -> str:
    """SQL expression of a column's value in a row's JSON."""
    name = quoted_name(column.name)
    if kind == "timestamp" and column.type in ("timestamp", "date"):
        return f"({name}::timestamp AT TIME ZONE {_zone(source)})"
    if kind == "string" and column.type in ("numeric", "json", "jsonb"):
        # As text: parsing JSON would round a number to sixteen digits.
        return f"{name}::text"
    if kind == "string" and column.type.startswith("_"):
        return f"pg_catalog.to_json({name})::text"
    return name


def _typed(watermark: str, kind: str) -> str:
    """SQL expression of a high-water mark, which is the database's own text, in its column's type."""
    if not _WATERMARK.fullmatch(watermark):
        raise JobError(f"{watermark!r}: the high-water mark is neither number nor time; report it with the job's log")
    return f"{quoted_text(watermark)}::{kind}"


def _since(source: Source, table: Table, watermark: str | None) -> str | None:
    """Condition for the rows above a high-water mark; it includes rows without a value, which cannot be compared."""
    if source.incremental is None or watermark is None:
        return None
    column, kind = quoted_name(source.incremental), table.columns[source.incremental].type
    value = _typed(watermark, kind)
    if kind in _WHOLE:
        # As numeric, whose difference never overflows.
        low = f"greatest({value}::numeric - {source.overlap}, {_LEAST[kind]})::{kind}"
    else:
        # A local time without a zone repeats an hour once a year, when daylight saving time ends.
        again = source.overlap + (3600 if kind == "timestamp" and source.time_zone != "UTC" else 0)
        low = f"{value} - interval '{again} seconds'"
    return f"({column} >= {low} OR {column} IS NULL)"


_LEAST: Mapping[str, int] = {"int2": -(2**15), "int4": -(2**31), "int8": -(2**63)}


def _where(*conditions: str | None) -> str:
    given = [condition for condition in conditions if condition is not None]
    return f" WHERE {' AND '.join(given)}" if given else ""
