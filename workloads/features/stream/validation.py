"""Judging records against their contract: every rule an expression of Spark's, so that no row passes through Python."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs import json_records
from jobs.table_layout import key_has_end
from stream.contract import KAFKA_TIME, PARTITION, SQL_TYPES, Contract, Field, Scalar

REASON = "_reason"
"""Why a record is rejected; null in those that are accepted."""

REPAIRED = "_repaired"
"""Column with the number of a record's fields that were emptied or filled."""

ADDITIONAL = "_additional"
"""Fields that the contract does not declare, as text by name."""

DELETION = "_deletion"
"""Whether an accepted record says that its event is gone."""

UNFIT_NAME = "cannot be a column"
REFUSED = "refused by the table"
"""Beginnings of reasons that continue with the text of a record, or with the message of Hudi."""

EARLIEST = "1900-01-01T00:00:00Z"
"""Spark refuses to write most times before it, a whole batch for one of them: calendars differed."""

COLUMN_NAME = "^[a-z][a-z0-9_]{0,62}$"
"""Pattern of a field's name in lower case that Hudi, Spark and SQL accept without quotes."""

_ROOTS = "_roots"
_TEXT = "_text"
_MALFORMED = "_malformed"
# Spark's casts take "12.7" as 12, "2024" as a time, and 12:30 as half past twelve of the day the job runs.
_FORMS = {
    "long": r"^\s*[+-]?\d{1,19}\s*$",
    "double": r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$",
    "boolean": r"^(true|false)$",
    "timestamp": r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}",
}


def judge(records: DataFrame, contract: Contract) -> DataFrame:
    """Records with `value`, a JSON object as text, with a column more for every field, the reason and the repairs.

    With `kafka_time`, the record's own time, an event may not be further ahead of it than the contract allows.
    Each step is a projection of its own: in one expression, Spark would cast and match again wherever one is named.
    """
    value, bounded = F.col("value"), KAFKA_TIME in records.columns
    deletion = _deletion(contract)
    always = {
        *contract.key,
        contract.event_time,
        contract.ordering,
        *([contract.deletes.field] if contract.deletes else []),
    }
    rejecting = [
        # A change stream's deletion often carries nothing but the key.
        F.col(_problem_name(field)) if field.name in always else F.when(~deletion, F.col(_problem_name(field)))
        for field in contract.fields
        if field.otherwise == "reject"
    ]
    if contract.additional == "keep":
        rejecting.append(F.when(F.col(_TEXT).isNotNull(), _unfit_name(contract)))
    repairing = [F.col(_problem_name(field)) for field in contract.fields if field.otherwise != "reject"]
    reason = F.when(F.col(_MALFORMED).isNotNull(), F.col(_MALFORMED)).when(
        F.coalesce(*rejecting, F.lit(None)).isNotNull(), F.concat_ws("; ", *rejecting)
    )
    return (
        records.withColumn(_ROOTS, json_records.roots(value, (field.name for field in contract.fields)))
        .withColumn(_TEXT, json_records.single(F.col(_ROOTS)))
        .select(
            "*",
            _malformed(value).alias(_MALFORMED),
            *(_type(field).alias(_typed_name(field)) for field in contract.fields),
        )
        .select("*", *(_judge(field, contract, bounded).alias(_problem_name(field)) for field in contract.fields))
        .select(
            *records.columns,
            *(_settle(field).alias(field.name) for field in contract.fields),
            reason.alias(REASON),
            sum((problem.isNotNull().cast("int") for problem in repairing), F.lit(0)).alias(REPAIRED),
            *([deletion.alias(DELETION)] if contract.deletes else []),
            *([_additional(contract)] if contract.additional == "keep" else []),
        )
    )


def _malformed(value: Column) -> Column:
    """Why a record is no JSON object, or null."""
    several = F.when(json_records.holds_several(value), F.lit("more than one JSON object"))
    return (
        F.when(value.isNull(), F.lit("no value: a tombstone"))
        .when(F.col(_TEXT).isNull(), F.coalesce(several, F.lit("not a JSON object")))
        .when(json_records.not_utf8(value), F.lit("not UTF-8"))
    )


def _deletion(contract: Contract) -> Column:
    if contract.deletes is None:
        return F.lit(False)
    return F.coalesce(F.col(f"_typed_{contract.deletes.field}").isin(*contract.deletes.values), F.lit(False))


def _typed_name(field: Field) -> str:
    return f"_typed_{field.name}"


def _problem_name(field: Field) -> str:
    return f"_problem_{field.name}"


def _type(field: Field) -> Column:
    text = F.col(_TEXT)[field.name]
    if field.type == "string":
        return text
    return F.when(text.rlike(_FORMS[field.type]), text.cast(SQL_TYPES[field.type]))


def _judge(field: Field, contract: Contract, bounded: bool) -> Column:
    """The problem with a field's value, or null."""
    text, typed = F.col(_TEXT)[field.name], F.col(_typed_name(field))
    # Hudi takes no key that is empty, and fails the whole batch.
    absent = text.isNull() if field.type == "string" and not field.required else text.isNull() | (F.trim(text) == "")
    problem = F.when(absent, F.lit(f"{field.name}: missing" if field.required else None))
    if field.type != "string":
        problem = problem.when(typed.isNull(), F.lit(f"{field.name}: not a {field.type}"))
    for broken, complaint in _limits(typed, field):
        problem = problem.when(broken, F.lit(f"{field.name}: {complaint}"))
    if bounded and field.name == contract.event_time:
        ahead = typed > F.col(KAFKA_TIME) + F.expr(f"INTERVAL {contract.max_ahead_seconds} SECONDS")
        problem = problem.when(ahead, F.lit(f"{field.name}: ahead of the record's own time"))
    if field.type == "string" and field.name in contract.key and not key_has_end(contract.hudi):
        # Tables created before keys had an end: the bucket index would never finish its search for a column's name.
        problem = problem.when(typed.contains(",") & typed.contains(":"), F.lit(f"{field.name}: holds both , and :"))
    return problem.otherwise(F.lit(None).cast("string"))


def _settle(field: Field) -> Column:
    """The value of a field after its declared handling of a problem."""
    typed, sound = F.col(_typed_name(field)), F.col(_problem_name(field)).isNull()
    match field.otherwise:
        case "reject":
            return typed
        case "drop":
            return F.when(sound, typed)
        case "default":
            assert field.default is not None
            default = _literal(field.default, field)
            return F.when(sound, F.coalesce(typed, default)).otherwise(default)


def _limits(typed: Column, field: Field) -> list[tuple[Column, str]]:
    limits = []
    if field.type == "double":
        limits.append((F.abs(typed) == float("inf"), "out of the range of a double"))
    if field.type == "timestamp":
        limits.append((typed < F.lit(EARLIEST).cast("timestamp"), f"before {EARLIEST}"))
    if field.one_of:
        limits.append((~typed.isin(*field.one_of), "not one of the allowed values"))
    if field.minimum is not None:
        limits.append((typed < _literal(field.minimum, field), f"below {field.minimum}"))
    if field.maximum is not None:
        limits.append((typed > _literal(field.maximum, field), f"above {field.maximum}"))
    if field.pattern is not None:
        limits.append((~typed.rlike(field.pattern), "not of the declared form"))
    return limits


def _literal(value: Scalar, field: Field) -> Column:
    return F.lit(value).cast(SQL_TYPES[field.type])


def _undeclared(contract: Contract) -> Column:
    declared = F.array(*(F.lit(field.name) for field in contract.fields))
    return F.array_except(F.json_object_keys("value"), declared)


def _unfit_name(contract: Contract) -> Column:
    """The problem with the first undeclared field that cannot become a column, or null.

    Tables do not tell apart names by case, and Hudi reserves names that begin with an underscore.
    """
    taken = [*(field.name for field in contract.fields), KAFKA_TIME, PARTITION]
    names = _undeclared(contract)
    unfit = F.filter(names, lambda name: ~F.lower(name).rlike(COLUMN_NAME) | F.lower(name).isin(*taken))
    doubled = F.size(F.array_distinct(F.transform(names, F.lower))) < F.size(names)
    return F.when(F.size(unfit) > 0, F.concat(F.lit(f"{UNFIT_NAME}: "), F.substring(unfit[0], 1, 100))).when(
        doubled, F.lit("two undeclared fields differ in case only")
    )


def _additional(contract: Contract) -> Column:
    names = _undeclared(contract)
    every = F.from_json("value", "map<string,string>")
    kept = F.map_filter(every, lambda name, _: F.array_contains(names, name))
    lowered = F.transform_keys(kept, lambda name, _: F.lower(name))
    fit = (F.size(names) > 0) & F.col(_TEXT).isNotNull() & _unfit_name(contract).isNull()
    return F.when(fit, lowered).alias(ADDITIONAL)
