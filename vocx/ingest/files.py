"""Files to raw rows: CSV, TSV, JSON, JSONL, Parquet and XLSX, every cell still as it was given."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
from charset_normalizer import from_bytes

from vocx.errors import UserError

_DELIMITERS = ",;\t|"
csv.field_size_limit(10_000_000)


@dataclass
class RawTable:
    """One file's rows before anything is known of its columns.

    Attributes
    ----------
    file : the file's name, without folders.
    frame : cells as given; the index is the row's number in the file, 1 for the first data row.
    rejects : (row number, reason, the row's text) of rows that could not be read.
    digest : sha256 of the file's bytes.
    encoding : how its text was decoded; empty for binary formats.
    """

    file: str
    frame: pd.DataFrame
    rejects: list[tuple[int, str, str]] = field(default_factory=list)
    digest: str = ""
    encoding: str = ""


def list_files(path: Path) -> list[Path]:
    """The data files that a path names: itself, or all readable ones below a folder, sorted."""
    if path.is_dir():
        found = sorted(p for p in path.rglob("*") if p.is_file() and _reader(p))
        if not found:
            raise UserError(
                f"{path}: the folder holds no data file",
                "put files of these kinds there: " + ", ".join(sorted(_READERS)),
            )
        return found
    if not path.exists():
        raise UserError(f"{path}: no such file or folder", "check the path")
    return [path]


def read_raw(path: Path) -> RawTable:
    """A data file's rows; UserError where it is of no known kind, unreadable or empty."""
    reader = _reader(path)
    if reader is None:
        raise UserError(
            f"{path}: '{path.suffix or 'no ending'}' is no kind of file that vocx reads",
            "convert it to one of: " + ", ".join(sorted(_READERS)),
        )
    content = path.read_bytes()
    table = reader(path, content)
    table.digest = sha256(content).hexdigest()
    if table.frame.empty and not table.rejects:
        raise UserError(f"{path}: the table is empty", "export it again with its rows")
    return table


def decode(content: bytes) -> tuple[str, str]:
    """Text of a file and the encoding it was in: its mark, UTF-8, or the most likely other.

    >>> decode("café".encode("utf-16"))
    ('café', 'utf-16')
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16"), "utf-16"
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        best = from_bytes(content, cp_isolation=["cp1252", "latin_1", "cp1250", "mac_roman"]).best()
        encoding = best.encoding if best else "cp1252"
        return content.decode(encoding, errors="replace"), encoding


def _reader(path: Path) -> Callable[[Path, bytes], RawTable] | None:
    return _READERS.get(path.suffix.lower())


def _delimiter(text: str) -> str:
    """The delimiter that stands most often in the first record, outside quotes."""
    head = text[:20_000]
    counts = {d: len(next(csv.reader(io.StringIO(head), delimiter=d), [])) for d in _DELIMITERS}
    return max(_DELIMITERS, key=lambda d: counts[d])


def _read_delimited(path: Path, content: bytes) -> RawTable:
    text, encoding = decode(content)
    if "\0" in text:
        raise UserError(f"{path}: is no text table (it holds NUL bytes)", "export it as CSV")
    records = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header = [h.strip() for h in next(records, [])]
    names = [h or f"column_{i + 1}" for i, h in enumerate(header)]
    names = [n if names.index(n) == i else f"{n}_{i + 1}" for i, n in enumerate(names)]
    rows, numbers, rejects = [], [], []
    for number, record in enumerate(records, start=1):
        if not any(cell.strip() for cell in record):
            continue
        if len(record) > len(names):
            reason = f"row has {len(record)} cells, the header has {len(names)}"
            rejects.append((number, reason, " | ".join(record)))
            continue
        rows.append(record + [""] * (len(names) - len(record)))
        numbers.append(number)
    frame = pd.DataFrame(rows, columns=names, index=numbers, dtype=object)
    return RawTable(path.name, frame.replace("", None), rejects, encoding=encoding)


def _read_json_lines(path: Path, content: bytes) -> RawTable:
    text, encoding = decode(content)
    rows, numbers, rejects = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            rejects.append((number, f"line is no JSON: {error.msg}", line))
            continue
        if not isinstance(row, dict):
            rejects.append((number, "line is no JSON object", line))
            continue
        rows.append(row)
        numbers.append(number)
    return RawTable(path.name, _objects(rows, numbers), rejects, encoding=encoding)


def _read_json(path: Path, content: bytes) -> RawTable:
    text, encoding = decode(content)
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        if "\n{" in text.strip():
            return _read_json_lines(path, content)
        raise UserError(
            f"{path}: line {error.lineno}: not JSON: {error.msg}",
            "mend the file or export it again",
        ) from None
    if isinstance(found, dict):
        lists = [v for v in found.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        found = max(lists, key=len) if lists else [found]
    rejects = [
        (number, "entry is no JSON object", json.dumps(row))
        for number, row in enumerate(found, start=1)
        if not isinstance(row, dict)
    ]
    numbered = [(n, row) for n, row in enumerate(found, start=1) if isinstance(row, dict)]
    frame = _objects([row for _, row in numbered], [n for n, _ in numbered])
    return RawTable(path.name, frame, rejects, encoding=encoding)


def _objects(rows: list[dict[str, Any]], numbers: list[int]) -> pd.DataFrame:
    """JSON objects as a frame of plain cells; what is nested inside them is kept as JSON text."""
    flat = [
        {k: json.dumps(v) if isinstance(v, dict | list) else v for k, v in row.items()}
        for row in rows
    ]
    columns = list(dict.fromkeys(k for row in flat for k in row))
    cells = [[row.get(c) for c in columns] for row in flat]
    return pd.DataFrame(cells, columns=columns, index=numbers, dtype=object).replace("", None)


def _read_parquet(path: Path, content: bytes) -> RawTable:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: not readable as Parquet: {str(error).splitlines()[0]}", "write the file again"
        ) from None
    frame = frame.reset_index(drop=True).astype(object)
    frame.index = frame.index + 1
    return RawTable(path.name, frame.where(frame.notna(), None))


def _read_xlsx(path: Path, content: bytes) -> RawTable:
    import zipfile

    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(
            f"{path}: not readable as XLSX: {error}", "save it as .xlsx again"
        ) from None
    sheet = max(book.worksheets, key=lambda s: (s.max_row or 0) * (s.max_column or 0))
    records = [list(r) for r in sheet.iter_rows(values_only=True)]
    start = next((i for i, r in enumerate(records) if sum(c is not None for c in r) > 0), 0)
    header = [str(c).strip() if c is not None else "" for c in records[start]] if records else []
    kept = [i for i, h in enumerate(header) if h]
    body = [(n, r) for n, r in enumerate(records[start + 1 :], start=1) if any(r)]
    frame = pd.DataFrame(
        [[r[i] if i < len(r) else None for i in kept] for _, r in body],
        columns=[header[i] for i in kept],
        index=[n for n, _ in body],
        dtype=object,
    )
    return RawTable(path.name, frame)


_READERS: dict[str, Callable[[Path, bytes], RawTable]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_delimited,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
    ".ndjson": _read_json_lines,
    ".parquet": _read_parquet,
    ".xlsx": _read_xlsx,
}
