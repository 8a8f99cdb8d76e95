"""Files to raw rows: known layouts first, else plain CSV, TSV, JSON, JSONL, Parquet and XLSX."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pandas as pd

from vocx.errors import UserError
from vocx.ingest.content import (
    UNCLOSED,
    Content,
    RawTable,
    Reject,
    check_width,
    plain_cell,
    table_of,
    unique_names,
)
from vocx.ingest.conversations import is_conversation
from vocx.ingest.layouts import LAYOUTS, layout_of

_DEPTH = 40  # objects inside objects whose keys are joined; what lies deeper is kept as text
_SENTENCE, _LONG_SENTENCE = (
    4,
    12,
)  # words from which a lone cell that ends as a sentence, or any, is no header
_TEXTS = frozenset([".json", ".jsonl", ".ndjson", ".txt"])


def known_suffixes() -> list[str]:
    """Endings of the files that can be read, without archives."""
    return sorted({*_READERS, *(s for x in LAYOUTS for s in x.suffixes if s)})


def read_content(content: Content) -> RawTable:
    """A file's rows; UserError where it is of no known kind, unreadable or empty."""
    if content.suffix not in known_suffixes() and content.suffix:
        raise UserError(
            f"{content.name}: '{content.suffix}' is no kind of file that vocx reads",
            "convert it to one of: " + ", ".join(known_suffixes()),
        )
    if not content.data.strip():
        raise UserError(f"{content.name}: the file is empty", "export it again with its rows")
    if content.suffix in _TEXTS or content.suffix in (".csv", ".tsv"):
        content.check_text()
    try:
        return _read(content)
    except UserError:
        raise
    except Exception as error:  # a broken file breaks its reader in more ways than can be listed
        told = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        raise UserError(
            f"{content.name}: not readable ({told[:200]})",
            "open it where it comes from and export it again",
        ) from error


def _read(content: Content) -> RawTable:
    layout = layout_of(content)
    reader = layout.read if layout else _READERS.get(content.suffix, _read_delimited)
    if not layout and not content.suffix:
        raise UserError(
            f"{content.name}: 'no ending' is no kind of file that vocx reads",
            "name it by its kind: " + ", ".join(known_suffixes()),
        )
    if reader is _read_delimited and content.text.lstrip()[:1] in ("{", "["):
        lines = content.json_lines[0]
        if isinstance(content.json, list):
            reader = read_plain_json
        elif lines and isinstance(lines[0][1], dict):
            reader = read_json_lines
    table = reader(content)
    if (
        layout
        and content.suffix in _TEXTS
        and content.text.lstrip()[:1] == "{"
        and content.json is None
    ):
        told = {number for number, _, _ in table.rejects}
        table.rejects += [r for r in content.json_lines[1] if r[0] not in told]
    table.digest = sha256(content.data).hexdigest()
    if table.frame.empty and not table.rejects:
        raise UserError(f"{content.name}: the table is empty", "export it again with its rows")
    return table


def _read_delimited(content: Content) -> RawTable:
    if content.suffix == ".txt" and is_conversation(content.text.strip()):
        frame, rejects = table_of(["text"], [[content.text.strip()]], [1])
        note = "no header: the lines are the turns of one conversation"
        return RawTable(content.name, frame, rejects, encoding=content.encoding, notes=[note])
    records, broken = content.records
    start = _header_row(records)
    check_width(content.name, len(records[start]) if records else 0)
    if records and _are_comments(content, records[start]):
        return _lines_as_comments(content)
    names = unique_names(records[start] if records else [])
    body = records[start + 1 :]
    frame, rejects = table_of(names, body, range(1, len(body) + 1))
    rejects += [(at - start, UNCLOSED, line) for at, line in broken if at > start]
    return RawTable(content.name, frame, rejects, encoding=content.encoding)


def _are_comments(content: Content, first: Sequence[object]) -> bool:
    """Whether a file has no header, but a comment on each line: the first is a sentence that somebody said."""
    if len(first) == 1:
        return _is_comment(str(first[0]))
    return content.suffix == ".txt" and _is_comment(content.text.lstrip().split("\n", 1)[0])


def _is_comment(line: str) -> bool:
    """Whether a line is a sentence and no header: no question, many words.

    >>> _is_comment("The parcel came late."), _is_comment("What is the reason for your score?")
    (True, False)
    """
    told = line.strip()
    n = len(told.split())
    if told.endswith(("?", ":")) or n < _SENTENCE:
        return False
    return told[-1] in ".!" or n >= _LONG_SENTENCE


def _lines_as_comments(content: Content) -> RawTable:
    lines = content.text.splitlines()
    frame, rejects = table_of(
        ["text"], [[line.strip()] for line in lines], range(1, len(lines) + 1)
    )
    note = "no header: every line is a comment"
    return RawTable(content.name, frame, rejects, encoding=content.encoding, notes=[note])


def _header_row(records: Sequence[Sequence[object]]) -> int:
    """Index of the header: the first row about as wide as those below, past titles and blanks."""
    widths = [sum(bool(str(c).strip()) for c in r if c is not None) for r in records[:30]]
    if not widths:
        return 0
    typical = sorted(widths)[len(widths) // 2]
    return next((i for i, w in enumerate(widths) if w >= max(1, 0.6 * typical)), 0)


def read_json_lines(content: Content) -> RawTable:
    """A table of JSON lines, an object a row."""
    found, rejects = content.json_lines
    rows = [(number, value) for number, value in found if isinstance(value, dict)]
    rejects = rejects + [
        (number, "line is no JSON object", json.dumps(value))
        for number, value in found
        if not isinstance(value, dict)
    ]
    frame, more = _objects(content.name, [r for _, r in rows], [n for n, _ in rows])
    return RawTable(content.name, frame, rejects + more, encoding=content.encoding)


def read_plain_json(content: Content) -> RawTable:
    """A table of the longest list of objects that JSON holds."""
    found = content.json
    if found is None:
        if "\n{" in content.text.strip():
            return read_json_lines(content)
        _raise_no_json(content)
    found = _longest_list(found) or ([found] if isinstance(found, dict) else found)
    if not isinstance(found, list):
        raise UserError(
            f"{content.name}: holds no list of objects", "export it as a list of feedback"
        )
    rejects = [
        (number, "entry is no JSON object", json.dumps(row))
        for number, row in enumerate(found, start=1)
        if not isinstance(row, dict)
    ]
    numbered = [(n, row) for n, row in enumerate(found, start=1) if isinstance(row, dict)]
    frame, more = _objects(content.name, [row for _, row in numbered], [n for n, _ in numbered])
    return RawTable(content.name, frame, rejects + more, encoding=content.encoding)


def _raise_no_json(content: Content) -> None:
    line, told = 1, "it is nested too deep"
    try:
        json.loads(content.text)
        raise UserError(
            f"{content.name}: holds no list of objects", "export it as a list of feedback"
        )
    except json.JSONDecodeError as error:
        line, told = error.lineno, error.msg
    except RecursionError:
        pass
    raise UserError(
        f"{content.name}: line {line}: not JSON: {told}", "mend the file or export it again"
    )


def _longest_list(content: Any, depth: int = 0) -> list[Any]:
    """The longest list of objects inside JSON content, at any depth."""
    if isinstance(content, list):
        return content if any(isinstance(c, dict) for c in content) else []
    if not isinstance(content, dict) or depth > 8:
        return []
    return max((_longest_list(v, depth + 1) for v in content.values()), key=len, default=[])


def flat(row: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """An object without nested ones: their keys are joined by dots; lists are kept as JSON text.

    >>> flat({"id": 1, "review": {"body": "Fine", "tags": ["a"]}})
    {'id': 1, 'review.body': 'Fine', 'review.tags': '["a"]'}
    """
    out: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and depth < _DEPTH:
            out |= flat(value, f"{name}.", depth + 1)
        else:
            out[name] = json.dumps(value) if isinstance(value, (list, dict)) else value
    return out


def _objects(
    name: str, rows: list[dict[str, Any]], numbers: list[int]
) -> tuple[pd.DataFrame, list[Reject]]:
    """JSON objects as a frame of plain cells, and those that cannot be rows."""
    plain = [flat(row) for row in rows]
    columns = list(dict.fromkeys(k for row in plain for k in row))
    check_width(name, len(columns))
    cells = [[row.get(c) for c in columns] for row in plain]
    empty = [(n, "object without any value", "") for n, c in zip(numbers, cells, strict=True)
             if all(v is None or v == "" for v in c)]  # fmt: skip
    frame, rejects = table_of(unique_names(columns), cells, numbers)
    return frame, rejects + empty


def _read_parquet(content: Content) -> RawTable:
    try:
        frame = pd.read_parquet(io.BytesIO(content.data))
    except Exception as error:  # Arrow's errors for broken files are of many kinds
        raise UserError(
            f"{content.name}: not readable as Parquet: {str(error).splitlines()[0]}",
            "write the file again",
        ) from None
    check_width(content.name, frame.shape[1])
    return RawTable(content.name, plain_frame(frame))


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as a raw table holds it: objects, None for missing, rows numbered from 1."""
    plain = frame.reset_index(drop=True).astype(object)
    for i in range(plain.shape[1]):
        plain.isetitem(i, plain.iloc[:, i].map(plain_cell, na_action="ignore"))
    plain.index = plain.index + 1
    plain.columns = pd.Index(unique_names(list(frame.columns)))
    return plain.where(plain.notna(), None)


def _read_xlsx(content: Content) -> RawTable:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content.data), read_only=True, data_only=True)
        sheets = [_sheet_rows(sheet) for sheet in book.worksheets]
        numbered = max(sheets, key=lambda rows: sum(len(r) for _, r in rows))
    except Exception as error:  # so are those of broken workbooks
        raise UserError(
            f"{content.name}: not readable as XLSX: {error}", "save it as .xlsx again"
        ) from None
    records = [r for _, r in numbered]
    start = _header_row(records)
    header = list(records[start]) if records else []
    body = [(n - numbered[start][0], r) for n, r in numbered[start + 1 :]]
    width = max((len(r) for _, r in body), default=0)
    header += [None] * (width - len(header))
    check_width(content.name, len(header))
    filled = [sum(i < len(r) and r[i] is not None for _, r in body) for i in range(len(header))]
    used = [i for i, h in enumerate(header) if h is not None or filled[i] > len(body) / 2]
    names = unique_names([header[i] for i in used])
    beside = set(range(len(header))) - set(used)  # stray cells, under no name
    cells = [
        [r[i] if i < len(r) else None for i in used]
        + [r[i] for i in sorted(beside) if i < len(r) and r[i] is not None]
        for _, r in body
    ]
    frame, rejects = table_of(names, cells, [n for n, _ in body])
    return RawTable(content.name, frame, rejects)


def _sheet_rows(sheet: Any) -> list[tuple[int, list[Any]]]:
    """The rows of a sheet that hold anything, with their numbers; whatever size it says it has."""
    if hasattr(sheet, "reset_dimensions"):
        sheet.reset_dimensions()
    rows = enumerate(sheet.iter_rows(values_only=True), start=1)
    return [(n, list(r)) for n, r in rows if any(c not in (None, "") for c in r)]


_READERS: dict[str, Callable[[Content], RawTable]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_delimited,
    ".json": read_plain_json,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".parquet": _read_parquet,
    ".xlsx": _read_xlsx,
}
