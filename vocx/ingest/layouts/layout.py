"""What a known layout is, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pandas as pd

from vocx.config import Columns
from vocx.ingest.content import (
    UNCLOSED,
    Content,
    RawTable,
    Reject,
    plain_cell,
    table_of,
    unique_names,
)

DELIMITED = frozenset([".csv", ".tsv", ".txt", ""])
JSON = frozenset([".json", ".jsonl", ".ndjson", ".txt", ""])
PRIVATE = "private note: not the customer's words"


class Layout(NamedTuple):
    """One kind of export: how it is told, and how it is read."""

    name: str
    suffixes: frozenset[str]
    fits: Callable[[Content], bool]
    read: Callable[[Content], RawTable]


def rows_table(
    content: Content,
    rows: Iterable[dict[str, Any]],
    rejects: list[Reject],
    layout: str,
    **more: Any,
) -> RawTable:
    """Reviews, or turns of conversations, as a raw table.

    A turn has ``number``, ``conversation``, ``speaker`` (customer or agent), ``text``, and what else is
    known: ``time``, ``channel``, ``language``, ``author``, ``title``, scores.
    """
    listed = list(rows)
    names = list(dict.fromkeys(k for t in listed for k in t if k != "number"))
    frame = pd.DataFrame(
        [[plain_cell(t.get(n)) for n in names] for t in listed],
        columns=names,
        index=[t["number"] for t in listed],
        dtype=object,
    )
    roles = {n: n for n in names if n in Columns.model_fields}
    columns = Columns(**roles)
    return RawTable(
        content.name,
        frame,
        rejects,
        encoding=content.encoding,
        layout=layout,
        columns=columns,
        **more,
    )


def headed_table(content: Content) -> tuple[list[str], pd.DataFrame, list[Reject]]:
    """Names, cells and rejected rows of a delimited file whose first row is its header."""
    records, broken = content.records
    names = unique_names(records[0])
    frame, rejects = table_of(names, records[1:], range(1, len(records)))
    return names, frame, rejects + [(at, UNCLOSED, line) for at, line in broken]


def objects_of(content: Content) -> list[dict[str, Any]] | None:
    """The objects of a JSON file: a list's, or those of JSON lines; null for other content."""
    found = content.json
    if found is None:
        if content.text.lstrip()[:1] != "{":
            return None
        found = [value for _, value in content.json_lines[0]]
    if isinstance(found, dict):
        return [found]
    if isinstance(found, list):
        return [f for f in found if isinstance(f, dict)]
    return None
