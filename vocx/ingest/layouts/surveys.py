"""Exports of survey tools: Qualtrics, SurveyMonkey, Typeform, Google Forms.

Their headers stand in up to three rows and mix what the tool knows (ids, times, addresses) with the
questions. Questions keep their wording as column names; what tells who or where somebody is is left out.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from vocx.config import Columns
from vocx.errors import UserError
from vocx.ingest.content import UNCLOSED, Content, RawTable, table_of, unique_names
from vocx.ingest.layouts.layout import DELIMITED, Layout, headed_table

# What Qualtrics knows of a response, by the names of its first header row.
_QUALTRICS = {
    "startdate", "enddate", "status", "ipaddress", "progress", "duration (in seconds)", "finished",
    "recordeddate", "responseid", "recipientlastname", "recipientfirstname", "recipientemail",
    "externalreference", "externaldatareference", "locationlatitude", "locationlongitude",
    "locationaccuracy", "distributionchannel", "userlanguage", "responseset", "name", "emailaddress",
}  # fmt: skip
_TEXT_IQ = re.compile(
    r" - (?:Parent Topics|Topics?|Topic Hierarchy.*|Sentiment(?: Polarity| Score)?|Emotion.*|Effort.*|"
    r"Actionability.*)$"
)
_SURVEYMONKEY = ("respondent id", "collector id", "date created", "date modified")
_SURVEYMONKEY_KNOWS = {
    *_SURVEYMONKEY, "ip address", "email address", "first name", "last name",
}  # fmt: skip
_PLAIN_ANSWER = frozenset(["", "response", "open-ended response", "antwort", "réponse"])


def _lower(cells: Sequence[object]) -> list[str]:
    return ["" if c is None else str(c).strip().lower() for c in cells]


# ---------------------------------------------------------------------------------- Qualtrics


def _import_row(records: Sequence[Sequence[str]]) -> int | None:
    """The place of the row that says where each column comes from ({"ImportId": ...})."""
    for i, record in enumerate(records[:4]):
        cells = [c for c in record if c]
        if cells and sum('"ImportId"' in c for c in cells) > 0.5 * len(cells):
            return i
    return None


def _is_qualtrics(content: Content) -> bool:
    return _import_row(content.head) is not None


def _zone(record: Sequence[str]) -> str | None:
    """The zone that the export's times are in, if its import row says."""
    for cell in record:
        try:
            said = json.loads(cell).get("timeZone")
        except (json.JSONDecodeError, AttributeError):
            continue
        if said:
            return str(said)
    return None


def _read_qualtrics(content: Content) -> RawTable:
    records, broken = content.records
    at = _import_row(records) or 2
    ids = unique_names(records[0])
    asked = records[at - 1] if at > 1 else records[0]
    return _qualtrics_table(
        content, ids, asked, records[at + 1 :], broken, at + 1, _zone(records[at])
    )


def _is_old_qualtrics(content: Content) -> bool:
    if len(content.head) < 2:
        return False
    second = _lower(content.head[1])
    return content.head[0][:2] == ["V1", "V2"] and "responseid" in second[:2]


def _read_old_qualtrics(content: Content) -> RawTable:
    """The layout before 2016: names V1, V2, ... above, what they are below."""
    records, broken = content.records
    below = records[1]
    ids = [b if a.startswith("V") and a[1:].isdigit() else a for a, b in
           zip(records[0], below, strict=False)]  # fmt: skip
    return _qualtrics_table(content, unique_names(ids), below, records[2:], broken, 2, None)


def _qualtrics_table(
    content: Content,
    ids: list[str],
    asked: Sequence[str],
    body: Sequence[Sequence[str]],
    broken: Sequence[tuple[int, str]],
    skipped: int,
    zone: str | None,
) -> RawTable:
    frame, rejects = table_of(ids, body, range(1, len(body) + 1))
    rejects += [(at - skipped + 1, UNCLOSED, line) for at, line in broken]
    low = {i.lower(): i for i in ids}
    notes = []
    if (status := low.get("status")) is not None:
        preview = frame[status].map(lambda v: str(v).strip().lower() in ("survey preview", "survey test", "1", "2"))  # fmt: skip
        rejects += [(int(i), "preview or test response, no customer's", "") for i in frame.index[preview.astype(bool)]]  # fmt: skip
        frame = frame[~preview.astype(bool)]
    roles = {
        role: low[name]
        for role, name in (
            ("id", "responseid"), ("time", "recordeddate"), ("language", "userlanguage"),
            ("channel", "distributionchannel"), ("author", "externalreference"),
        ) if name in low
    }  # fmt: skip
    for role, name in (("time", "enddate"), ("author", "externaldatareference"), ("author", "recipientemail")):  # fmt: skip
        if role not in roles and name in low:
            roles[role] = low[name]
    if zone and "time" in roles:
        frame = frame.assign(**{roles["time"]: _in_zone(frame[roles["time"]], zone)})
        notes.append(f"times are in {zone}, as the export says")
    wordings = dict(zip(ids, asked, strict=False))
    iq = [i for i in ids if _TEXT_IQ.search(wordings.get(i) or "") or _TEXT_IQ.search(i)]
    known = [i for i in ids if i.lower() in _QUALTRICS and i not in roles.values()]
    frame = frame.drop(columns=[*known, *(i for i in iq if i not in known)])
    renamed = _worded([c for c in frame.columns if c not in roles.values()], wordings)
    frame = frame.rename(columns=renamed)
    if iq:
        notes.append(f"{len(iq)} columns of Text iQ were left out")
    return RawTable(content.name, frame, rejects, encoding=content.encoding, layout="Qualtrics survey",
                    columns=Columns(**roles), notes=notes)  # fmt: skip


def _in_zone(times: pd.Series, zone: str) -> pd.Series:
    """Times without a zone as those of a zone; what is no time stays as it is."""

    def zoned(cell: Any) -> Any:
        try:
            local = pd.Timestamp(str(cell)[:100])
            return local.tz_localize(zone, ambiguous=True, nonexistent="shift_forward").isoformat()
        except Exception:  # times and zones have errors of several libraries
            return cell

    return times.map(zoned, na_action="ignore")


def _worded(ids: Sequence[str], wordings: dict[str, str]) -> dict[str, str]:
    """Each column's id to its question's wording, where that tells it from all others."""
    plain = {i: re.sub(r"\s+", " ", wordings.get(i) or "").strip() or i for i in ids}
    counts = pd.Series(list(plain.values())).value_counts()
    return {i: w if counts[w] == 1 else f"{w} ({i})" for i, w in plain.items()}


# -------------------------------------------------------------------------------- SurveyMonkey


def _is_surveymonkey(content: Content) -> bool:
    return bool(content.head) and _lower(content.head[0])[:2] == list(_SURVEYMONKEY[:2])


def _read_surveymonkey(content: Content) -> RawTable:
    records, broken = content.records
    return _surveymonkey_table(content, records, content.encoding, broken)


def _sheet(content: Content) -> list[list[Any]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(content.data), read_only=True, data_only=True)
        sheet: Any = book.worksheets[0]
        sheet.reset_dimensions()
        return [list(r) for r in sheet.iter_rows(values_only=True) if any(c is not None for c in r)]
    except Exception:  # a broken workbook is told of by the reader of plain ones
        return []


def _is_surveymonkey_book(content: Content) -> bool:
    if content.data[:2] != b"PK" or len(content.data) > 200_000_000:
        return False
    rows = _sheet(content)
    return bool(rows) and _lower(rows[0])[:2] == list(_SURVEYMONKEY[:2])


def _read_surveymonkey_book(content: Content) -> RawTable:
    return _surveymonkey_table(content, _sheet(content), "", ())


def _surveymonkey_table(
    content: Content,
    records: Sequence[Sequence[Any]],
    encoding: str,
    broken: Sequence[tuple[int, str]],
) -> RawTable:
    """Questions stand above, answers' labels below; a question's blank cells are its own."""
    if len(records) < 2:
        raise UserError(f"{content.name}: the table is empty", "export it again with its rows")
    above, below = list(records[0]), [*_lower(records[1])]
    below += [""] * (len(above) - len(below))
    names, question = [], ""
    for head, label, shown in zip(above, below, [*records[1], *[None] * len(above)], strict=False):
        question = str(head).strip() if head not in (None, "") else question
        names.append(question if label in _PLAIN_ANSWER else f"{question} - {str(shown).strip()}")
    names = unique_names(names)
    body = [[None if c == "" else c for c in r] for r in records[2:]]
    frame, rejects = table_of(names, body, range(1, len(body) + 1))
    rejects += [(at - 1, UNCLOSED, line) for at, line in broken]
    low = {n.lower(): n for n in names}
    roles = {
        role: low[name]
        for role, name in (("id", "respondent id"), ("time", "date modified"), ("author", "email address"))
        if name in low and frame[low[name]].notna().any()
    }  # fmt: skip
    known = [n for n in names if n.lower() in _SURVEYMONKEY_KNOWS and n not in roles.values()]
    return RawTable(content.name, frame.drop(columns=known), rejects, encoding=encoding,
                    layout="SurveyMonkey survey", columns=Columns(**roles))  # fmt: skip


# --------------------------------------------------------------------- Typeform, Google Forms


def _is_typeform(content: Content) -> bool:
    names = set(_lower(content.head[0])) if content.head else set()
    return "submit date (utc)" in names and bool({"network id", "#"} & names)


def _read_typeform(content: Content) -> RawTable:
    known = {
        "response type",
        "start date (utc)",
        "stage date (utc)",
        "network id",
        "tags",
        "ending",
    }
    roles = (("id", "#"), ("time", "submit date (utc)"))
    return _one_header(content, "Typeform survey", known, roles)


def _is_google_form(content: Content) -> bool:
    if not content.head or len(content.head[0]) < 2:
        return False
    names = _lower(content.head[0])
    asks = [n for n in names[1:] if n.endswith("?") or len(n.split()) >= 4]
    return names[0] in ("timestamp", "zeitstempel", "horodateur") and bool(asks)


def _read_google_form(content: Content) -> RawTable:
    first = content.head[0][0].strip().lower()
    roles = (("time", first), ("author", "email address"), ("author", "username"))
    return _one_header(content, "Google Forms survey", set(), roles)


def _one_header(
    content: Content, layout: str, known: set[str], wanted: Sequence[tuple[str, str]]
) -> RawTable:
    """A table with one header row, of which some columns are the tool's own."""
    names, frame, rejects = headed_table(content)
    low = {n.lower(): n for n in names}
    roles: dict[str, str] = {}
    for role, name in wanted:
        if name in low and role not in roles:
            roles[role] = low[name]
    left_out = [n for n in names if n.lower() in known]
    return RawTable(content.name, frame.drop(columns=left_out), rejects, encoding=content.encoding,
                    layout=layout, columns=Columns(**roles))  # fmt: skip


SURVEYS = (
    Layout("Qualtrics survey", DELIMITED, _is_qualtrics, _read_qualtrics),
    Layout("Qualtrics survey (legacy)", DELIMITED, _is_old_qualtrics, _read_old_qualtrics),
    Layout("SurveyMonkey survey", DELIMITED, _is_surveymonkey, _read_surveymonkey),
    Layout("SurveyMonkey survey", frozenset([".xlsx"]), _is_surveymonkey_book, _read_surveymonkey_book),
    Layout("Typeform survey", DELIMITED, _is_typeform, _read_typeform),
    Layout("Google Forms survey", DELIMITED, _is_google_form, _read_google_form),
)  # fmt: skip
