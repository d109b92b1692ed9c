"""Parsing texts that are to be one JSON object each: Spark alone takes the first value and ignores what follows it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, StringType, StructField, StructType

# An element after the text, of a name that no text can know: a second value is an element more or an error, and a text
# that closes the array hides the seal.
_SEAL = f"_{secrets.token_hex(16)}"
_OPTIONS = {"mode": "PERMISSIVE", "allowSingleQuotes": "false", "allowNonNumericNumbers": "false"}

# Halves of surrogate pairs, which no UTF-8 has.
_HALF_SURROGATE = (
    r"(?<!\\)(?:\\\\)*(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F])"
)


def roots(value: Column, names: Iterable[str]) -> Column:
    """Parse a text for `single`. Spark parses it once as long as both calls are in separate projections."""
    # As text: a field of another type is then that field's problem, not the record's.
    fields = [StructField(name, StringType()) for name in [*names, _SEAL]]
    sealed = F.concat(F.lit("["), value, F.lit(f',{{"{_SEAL}":1}}]'))
    return F.from_json(sealed, ArrayType(StructType(fields)), _OPTIONS)


def single(found: Column) -> Column:
    """The fields of the one object that `roots` found; null where the text is anything else."""
    return F.when((F.size(found) == 2) & found[1][_SEAL].isNotNull(), found[0])


def holds_several(value: Column) -> Column:
    """Whether a text that is not one object is several."""
    separated = F.regexp_replace(value, r"\}\s*\{", "},{")
    return value.rlike(r"^\s*\{") & (F.json_array_length(F.concat(F.lit("["), separated, F.lit("]"))) > 1)


def not_utf8(value: Column) -> Column:
    """Whether a text, read from bytes, is no UTF-8 or names characters that UTF-8 cannot write."""
    changed = F.decode(value.cast("binary"), "UTF-8") != value
    # A search for bytes costs a tenth of what an expression over the characters does, which most texts are spared.
    escaped = value.contains("\\ud") | value.contains("\\uD")
    return changed | (escaped & value.rlike(_HALF_SURROGATE))
