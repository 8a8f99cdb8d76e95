"""Files to raw rows: CSV, TSV, JSON, JSONL, Parquet and XLSX, every cell still as it was given."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
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
        found = sorted(p for p in path.rglob("*") if _is_data(p, path))
        if not found:
            raise UserError(
                f"{path}: the folder holds no data file",
                "put files of these kinds there: " + ", ".join(sorted(_READERS)),
            )
        return found
    if not path.exists():
        raise UserError(f"{path}: no such file or folder", "check the path")
    return [path]


def _is_data(file: Path, folder: Path) -> bool:
    """Whether a file below a folder is one to read: no hidden or lock file, no part of a run."""
    below = file.relative_to(folder).parts
    if any(p.startswith((".", "~$")) for p in below) or file.suffix.lower() == ".txt":
        return False
    parents = [folder.joinpath(*below[:i]) for i in range(1, len(below))]
    in_run = any((p / "manifest.json").is_file() and (p / "feedback").is_dir() for p in parents)
    return file.is_file() and _reader(file) is not None and not in_run


def read_raw(path: Path) -> RawTable:
    """A data file's rows; UserError where it is of no known kind, unreadable or empty."""
    reader = _reader(path)
    if reader is None:
        raise UserError(
            f"{path}: '{path.suffix or 'no ending'}' is no kind of file that vocx reads",
            "convert it to one of: " + ", ".join(sorted(_READERS)),
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path}: not readable: {error.strerror}", "check its permissions"
        ) from None
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
        return content.decode("utf-16", errors="replace"), "utf-16"
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
    records = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)))
    start = _header_row(records)
    names = unique_names(records[start] if records else [])
    rows, numbers, rejects = [], [], []
    for number, record in enumerate(records[start + 1 :], start=1):
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


def unique_names(header: Sequence[object]) -> list[str]:
    """Column names as text, stripped, none of them empty or twice.

    >>> unique_names(["a", None, " a "])
    ['a', 'column_2', 'a_3']
    """
    names = ["" if h is None else str(h).strip() for h in header]
    names = [n or f"column_{i + 1}" for i, n in enumerate(names)]
    return [n if names.index(n) == i else f"{n}_{i + 1}" for i, n in enumerate(names)]


def _header_row(records: Sequence[Sequence[object]]) -> int:
    """Index of the header: the first row about as wide as those below, past titles and blanks."""
    widths = [sum(bool(str(c).strip()) for c in r if c is not None) for r in records[:30]]
    if not widths:
        return 0
    typical = sorted(widths)[len(widths) // 2]
    return next((i for i, w in enumerate(widths) if w >= max(1, 0.6 * typical)), 0)


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
    found = _longest_list(found) or ([found] if isinstance(found, dict) else found)
    if not isinstance(found, list):
        raise UserError(f"{path}: holds no list of objects", "export it as a list of feedback")
    rejects = [
        (number, "entry is no JSON object", json.dumps(row))
        for number, row in enumerate(found, start=1)
        if not isinstance(row, dict)
    ]
    numbered = [(n, row) for n, row in enumerate(found, start=1) if isinstance(row, dict)]
    frame = _objects([row for _, row in numbered], [n for n, _ in numbered])
    return RawTable(path.name, frame, rejects, encoding=encoding)


def _longest_list(content: Any, depth: int = 0) -> list[Any]:
    """The longest list of objects inside JSON content, at any depth."""
    if isinstance(content, list):
        return content if any(isinstance(c, dict) for c in content) else []
    if not isinstance(content, dict) or depth > 8:
        return []
    return max((_longest_list(v, depth + 1) for v in content.values()), key=len, default=[])


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """An object without nested ones: their keys are joined by dots; lists are kept as JSON text.

    >>> _flat({"id": 1, "review": {"body": "Fine", "tags": ["a"]}})
    {'id': 1, 'review.body': 'Fine', 'review.tags': '["a"]'}
    """
    out: dict[str, Any] = {}
    for key, value in row.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            out |= _flat(value, f"{name}.")
        else:
            out[name] = json.dumps(value) if isinstance(value, list) else value
    return out


def _objects(rows: list[dict[str, Any]], numbers: list[int]) -> pd.DataFrame:
    """JSON objects as a frame of plain cells."""
    flat = [_flat(row) for row in rows]
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
    return RawTable(path.name, plain_frame(frame))


def plain_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame as a raw table holds it: objects, None for missing, rows numbered from 1."""
    plain = frame.reset_index(drop=True).astype(object)
    plain.index = plain.index + 1
    plain.columns = pd.Index(unique_names(list(frame.columns)))
    return plain.where(plain.notna(), None)


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
    start = _header_row(records)
    header = records[start] if records else []
    body = [
        (n, (r + [None] * len(header))[: len(header)])
        for n, r in enumerate(records[start + 1 :], start=1)
        if any(c not in (None, "") for c in r)
    ]
    used = [
        i for i, h in enumerate(header) if h is not None or any(r[i] is not None for _, r in body)
    ]
    frame = pd.DataFrame(
        [[r[i] for i in used] for _, r in body],
        columns=unique_names([header[i] for i in used]),
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
