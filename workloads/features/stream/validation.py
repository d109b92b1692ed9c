"""Judging records against their contract: every rule an expression of Spark's, so that no row passes through Python."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StringType, StructField, StructType

from stream.contract import SQL_TYPES, Contract, Field, Scalar

REASON = "_reason"
"""Why a record is rejected; null in those that are accepted."""

REPAIRED = "_repaired"
"""How many fields of a record were emptied or filled."""

ADDITIONAL = "_additional"
"""Fields that the contract does not declare, as text by name."""

_TEXT = "_text"
_CORRUPT = "_corrupt"
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

    Each step is a projection of its own: in one expression, Spark would cast and match again wherever one is named.
    """
    malformed = F.col("value").isNull() | F.col(_TEXT)[_CORRUPT].isNotNull() | ~F.col("value").rlike(r"^\s*\{")
    rejecting = [F.col(_problem_name(field)) for field in contract.fields if field.otherwise == "reject"]
    repairing = [F.col(_problem_name(field)) for field in contract.fields if field.otherwise != "reject"]
    reason = F.when(F.col(_MALFORMED), F.lit("not a JSON object")).when(
        F.coalesce(*rejecting, F.lit(None)).isNotNull(), F.concat_ws("; ", *rejecting)
    )
    return (
        records.withColumn(_TEXT, _parse(F.col("value"), contract))
        .select(
            "*", malformed.alias(_MALFORMED), *(_type(field).alias(_typed_name(field)) for field in contract.fields)
        )
        .select("*", *(_judge(field).alias(_problem_name(field)) for field in contract.fields))
        .select(
            *records.columns,
            *(_settle(field).alias(field.name) for field in contract.fields),
            reason.alias(REASON),
            sum((problem.isNotNull().cast("int") for problem in repairing), F.lit(0)).alias(REPAIRED),
            *([_additional(contract)] if contract.additional == "keep" else []),
        )
    )


def _typed_name(field: Field) -> str:
    return f"_typed_{field.name}"


def _problem_name(field: Field) -> str:
    return f"_problem_{field.name}"


def _type(field: Field) -> Column:
    text = F.col(_TEXT)[field.name]
    if field.type == "string":
        return text
    return F.when(text.rlike(_FORMS[field.type]), text.cast(SQL_TYPES[field.type]))


def _judge(field: Field) -> Column:
    """What is the matter with a field, or null."""
    text, typed = F.col(_TEXT)[field.name], F.col(_typed_name(field))
    absent = text.isNull() if field.type == "string" else text.isNull() | (F.trim(text) == "")
    problem = F.when(absent, F.lit(f"{field.name}: missing" if field.required else None))
    if field.type != "string":
        problem = problem.when(typed.isNull(), F.lit(f"{field.name}: not a {field.type}"))
    for broken, complaint in _limits(typed, field):
        problem = problem.when(broken, F.lit(f"{field.name}: {complaint}"))
    return problem.otherwise(F.lit(None).cast("string"))


def _settle(field: Field) -> Column:
    """The value of a field after what its declaration says of a problem."""
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


def _parse(value: Column, contract: Contract) -> Column:
    # As text: a field of another type is then that field's problem, not the record's.
    fields = [StructField(name, StringType()) for name in [*(field.name for field in contract.fields), _CORRUPT]]
    return F.from_json(
        value,
        StructType(fields),
        {"mode": "PERMISSIVE", "columnNameOfCorruptRecord": _CORRUPT},
    )


def _limits(typed: Column, field: Field) -> list[tuple[Column, str]]:
    limits = []
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


def _additional(contract: Contract) -> Column:
    declared = F.array(*(F.lit(field.name) for field in contract.fields))
    names = F.array_except(F.json_object_keys("value"), declared)
    every = F.from_json("value", "map<string,string>")
    kept = F.map_filter(every, lambda name, _: F.array_contains(names, name))
    return F.when(F.size(names) > 0, kept).alias(ADDITIONAL)
