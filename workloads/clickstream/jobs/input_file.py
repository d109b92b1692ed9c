"""Looking at an input file before it is read: what the batch job, the producer and the check at preview agree on.

The check at preview is input-file.ts; tests/test_input_files.py and its twin hold all three to one table of files.
"""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

HEAD = 1 << 16
"""Bytes of a file, decompressed, by which it is judged; rows after them are judged one by one."""

Format = Literal["csv", "json", "parquet"]

FORMATS: dict[Format, tuple[str, ...]] = {
    "csv": (".csv", ".csv.gz"),
    "json": (".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz"),
    "parquet": (".parquet",),
}
"""Formats that an input may have, with the file extensions that tell them."""

ENCODINGS = ("utf-8", "utf-16", "windows-1252", "iso-8859-1")
"""Encodings of CSV that may be declared."""

EMPTY = "is empty; an input needs at least one event"
BROKEN_QUOTE = "has a quote that is not closed, or one inside quotes that is not doubled; quote as RFC 4180 does"
NOT_PARQUET = "is not Parquet; write it again"
JSON_ENCODING = "is JSON, which is UTF-8; leave the encoding out"
ONE_A_LINE = "write one object a line, as `jq -c` does"


class InputError(Exception):
    """Why a file is refused, and what to do; a sentence whose subject is the file."""


@dataclass(frozen=True)
class Head:
    """The beginning of a file."""

    text: str
    whole: bool
    """Whether it is all of the file."""


def format_by_name(path: str) -> Format | None:
    """The format that the ending of a name tells."""
    name = path.rstrip("/").lower()
    return next((known for known, extensions in FORMATS.items() if name.endswith(extensions)), None)


def head_of(name: str, data: bytes, encoding: str | None = None) -> Head:
    """The beginning of a text file, from its first `HEAD` bytes as they lie on disk.

    @raises InputError where its bytes are not what its name and the declared encoding say
    """
    whole = len(data) < HEAD
    zipped = data[:2] == b"\x1f\x8b"
    if not data:
        raise InputError(EMPTY)
    if name.lower().endswith(".gz"):
        if not zipped:
            raise InputError("is named .gz and is not gzip; compress it, or name it without .gz")
        data, whole = _unzipped(data, whole)
    elif zipped:
        raise InputError("is gzip and is not named so; name it with .gz at its end")
    return Head(_text(data[:HEAD], encoding, whole and len(data) <= HEAD), whole and len(data) <= HEAD)


def csv_header(head: Head) -> list[str]:
    """Names of the columns of a CSV file, without blanks around them."""
    rows = csv_rows(head)
    if not rows:
        raise InputError(EMPTY)
    if head.whole and len(rows) == 1:
        raise InputError("holds no rows; an input needs a header and at least one event")
    return [name.strip() for name in rows[0]]


def csv_rows(head: Head) -> list[list[str]]:
    """Rows of the beginning of a CSV file, the header first; a last row that is cut is left out."""
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(head.text, newline=""), strict=True):
            if row:
                rows.append(row)
    except csv.Error as error:
        if head.whole:
            raise InputError(BROKEN_QUOTE) from error
        return rows or [[]]
    return rows if head.whole else rows[:-1]


def json_names(head: Head) -> list[str]:
    """Names that the objects of a JSON-lines file have, in the order of their first appearance."""
    if head.text.lstrip().startswith("["):
        raise InputError(f"is a JSON array; {ONE_A_LINE}")
    lines = [line for line in head.text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    if not lines:
        raise InputError(EMPTY)
    whole = lines if head.whole or len(lines) == 1 else lines[:-1]
    objects = [found for line in whole if (found := json_object(line)) is not None]
    if not objects and (head.whole or len(lines) > 1 or _holds_several(lines[0])):
        several = any(_holds_several(line) for line in whole)
        what = "holds several JSON objects in a line" if several else "holds no line that is a JSON object"
        raise InputError(f"{what}; {ONE_A_LINE}")
    return list(dict.fromkeys(name for each in objects for name in each))


def require_columns(present: Sequence[str], wanted: Collection[str]) -> None:
    """Fail unless every wanted column is there, once."""
    missing = [column for column in wanted if column not in present]
    if missing:
        raise InputError(f"lacks {', '.join(missing)}; it has {', '.join(present)}; name its columns")
    twice = [column for column in wanted if list(present).count(column) > 1]
    if twice:
        raise InputError(f"has two columns {twice[0]}; rename one of them")


def json_object(line: str) -> dict[str, object] | None:
    """The object that a line is; `None` where it is anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _holds_several(line: str) -> bool:
    try:
        value, end = json.JSONDecoder().raw_decode(line.strip())
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and line.strip()[end:].lstrip(" ,").startswith("{")


def _unzipped(data: bytes, whole: bool) -> tuple[bytes, bool]:
    text = b""
    try:
        while data and len(text) <= HEAD:
            member = zlib.decompressobj(wbits=31)
            text += member.decompress(data, HEAD + 1)
            if not member.eof:
                if whole and len(text) <= HEAD:
                    raise InputError("is gzip that ends too early; copy it again")
                whole = False
                break
            data = member.unused_data
    except zlib.error as error:
        raise InputError("is gzip that is damaged; copy it again") from error
    if not text:
        raise InputError(EMPTY)
    return text, whole


def _text(data: bytes, encoding: str | None, whole: bool) -> str:
    if encoding is None or encoding == "utf-8":
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise InputError("is UTF-16; give its encoding, or save it as UTF-8")
        if b"\0" in data:
            raise InputError("holds zero bytes, as UTF-16 does; give its encoding, or save it as UTF-8")
        data = data.removeprefix(b"\xef\xbb\xbf")
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            # A character that the end of the head has cut in two.
            if not whole and error.start >= len(data) - 3:
                return data[: error.start].decode()
            raise InputError("is not UTF-8; give its encoding, such as windows-1252, or save it as UTF-8") from error
    if encoding not in ENCODINGS:
        raise InputError(f"cannot be read as {encoding}; choose among {', '.join(ENCODINGS)}")
    if encoding == "utf-16" and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError("is not UTF-16 with a byte-order mark; leave the encoding out")
    return data[: len(data) // 2 * 2 if encoding == "utf-16" else None].decode(encoding, errors="replace")
