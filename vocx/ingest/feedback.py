"""Raw rows to the feedback table: one row, one voice; what is not taken is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import ftfy
import pandas as pd

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest.columns import Recognised, recognise, slug
from vocx.ingest.conversations import check_speakers, join_turns, role_of, split_marked
from vocx.ingest.files import RawTable, list_files, read_raw
from vocx.ingest.redact import redact
from vocx.ingest.values import as_text, is_meaningful, to_nps, to_unit, to_utc
from vocx.schema import GROUP_PREFIX

_SCORES = ("rating", "nps", "csat", "ces")


@dataclass
class FileReport:
    """What became of one file: counts, and every assumption made."""

    file: str
    digest: str
    rows: int = 0  # rows (turns, in a conversation) read
    taken: int = 0  # feedback made of them
    merged: int = 0  # turns that were joined to the first of their conversation
    rejected: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)


@dataclass
class Ingested:
    """The feedback of all inputs, the rows not taken, and a report on each file."""

    feedback: pd.DataFrame
    rejects: pd.DataFrame
    files: list[FileReport]
    masked: Counter[str]


def ingest(inputs: list[Input], redacting: bool = True) -> Ingested:
    """Read every input into the feedback table of `vocx.schema`, without its labels.

    Raises UserError where a file is missing, of no known kind, empty, or has no column of words.
    """
    frames, rejects, reports = [], [], []
    masked: Counter[str] = Counter()
    for entry in inputs:
        for path in list_files(Path(entry.path)):
            raw = read_raw(path)
            frame, refused, report = feedback_of(raw, entry, masked if redacting else None)
            frames.append(frame)
            rejects += [
                (raw.file, row, reason, redact(text, masked) if redacting else text)
                for row, reason, text in refused
            ]
            reports.append(report)
    feedback = _without_duplicates(pd.concat(frames, ignore_index=True), rejects, reports)
    if feedback.empty:
        raise UserError(
            f"{', '.join(r.file for r in reports)}: no row could be taken "
            f"({len(rejects)} rejected, the first because: {rejects[0][2] if rejects else 'empty'})",
            "run `vocx inspect FILE` to see how the columns were read",
        )
    rejects.sort(key=lambda r: (r[0], r[1], r[2]))
    reports.sort(key=lambda r: (r.file, r.digest))
    refused_rows = pd.DataFrame(rejects, columns=["source_file", "source_row", "reason", "text"])
    return Ingested(feedback, refused_rows, reports, masked)


def feedback_of(
    raw: RawTable, entry: Input, masked: Counter[str] | None
) -> tuple[pd.DataFrame, list[tuple[int, str, str]], FileReport]:
    """Feedback rows of one raw table, the rows refused, and the file's report.

    ``masked`` counts the masks put on personal data; null leaves the text as it is.
    """
    found = recognise(raw.frame, entry.columns, raw.file)
    report = FileReport(
        raw.file,
        raw.digest,
        rows=len(raw.frame) + len(raw.rejects),
        columns=dict(found.roles),
        groups=found.groups,
        ignored=found.ignored,
    )
    if raw.encoding not in ("", "utf-8"):
        report.assumptions.append(f"text read as {raw.encoding}")
    rejects = list(raw.rejects)
    table = _typed(raw.frame, found, report)
    if "conversation" in found.roles and "speaker" in found.roles:
        check_speakers(table["speaker"], entry.columns.customers, raw.file)
        table = _conversations(table, entry.columns, rejects, report)
        default_source = "transcript"
    else:
        table["turns"] = None
        default_source = _source_of(found)
    if entry.source or "source" not in found.roles:
        table["source"] = entry.source or default_source
        if not entry.source:
            report.assumptions.append(f"source taken as {default_source}")
    else:
        table["source"] = table["source"].str.lower().where(table["source"].notna(), default_source)
    _clean_texts(table, masked)
    blank = (table["text"] == "") & table[list(_SCORES)].isna().all(axis=1)
    rejects += [(int(row), "no text and no score", "") for row in table.index[blank]]
    table = table[~blank].copy()
    table["source_file"] = raw.file
    table["source_row"] = table.index.astype(int)
    table["meaningful"] = [is_meaningful(t) for t in table["text"]]
    report.taken, report.rejected = len(table), len(rejects)
    return _with_ids(table.reset_index(drop=True)), rejects, report


def _typed(frame: pd.DataFrame, found: Recognised, report: FileReport) -> pd.DataFrame:
    """The recognised columns under their role's name, as times, scores and text."""
    table = pd.DataFrame(index=frame.index)
    for role in ("text", "title", "id", "source", "channel", "language", "conversation", "speaker"):
        column = found.roles.get(role)
        values = frame[column].map(as_text) if column else pd.Series("", frame.index, dtype=object)
        table[role] = values if role in ("text", "title") else values.where(values != "", None)
    author = found.roles.get("author")
    table["author_id"] = frame[author].map(pseudonym) if author else None
    if column := found.roles.get("time"):
        table["created_at"], assumption = to_utc(frame[column])
        report.assumptions.append(f"'{column}': {assumption}")
        _note_lost(frame[column], table["created_at"], "no time", column, report)
    else:
        table["created_at"] = pd.Series(pd.NaT, frame.index, dtype="datetime64[us, UTC]")
    for role in _SCORES:
        column = found.roles.get(role)
        if column is None:
            table[role] = pd.Series(float("nan"), frame.index)
            continue
        if role == "nps":
            table[role] = to_nps(frame[column])
        else:
            table[role], scale = to_unit(frame[column], role)
            report.assumptions.append(f"'{column}': {role} on a scale of {scale}")
        _note_lost(frame[column], table[role], f"no {role}", column, report)
    for column in found.groups:
        values = frame[column].map(as_text)
        table[GROUP_PREFIX + slug(column)] = values.where(values != "", None)
    return table


def _note_lost(
    given: pd.Series, read: pd.Series, what: str, column: str, report: FileReport
) -> None:
    lost = given.index[given.map(as_text).ne("") & read.isna()]
    if len(lost):
        report.assumptions.append(
            f"'{column}': {len(lost)} values are {what} and were left null (first in row {lost[0]}: "
            f"{as_text(given.loc[lost[0]])[:40]!r})"
        )


def _source_of(found: Recognised) -> str:
    """The kind of feedback, by what else the file holds: NPS and the like make a survey."""
    if any(r in found.roles for r in ("nps", "csat", "ces")):
        return "survey"
    return "review" if "rating" in found.roles else "survey"


def _conversations(
    table: pd.DataFrame, columns: Columns, rejects: list[tuple[int, str, str]], report: FileReport
) -> pd.DataFrame:
    """Turns grouped to one row a conversation, in order of time where every turn has one."""
    lacking = table["conversation"].isna()
    rejects += [
        (int(row), "turn without a conversation id", text)
        for row, text in table.loc[lacking, "text"].items()
    ]
    silent = ~lacking & (table["text"] == "")
    rejects += [(int(row), "turn without words", "") for row in table.index[silent]]
    table = table[~lacking & ~silent]
    rows = []
    for conversation, turns in table.groupby("conversation", sort=False):
        if turns["created_at"].notna().all():
            turns = turns.sort_values("created_at", kind="stable")
        first = turns.iloc[0].copy()
        spoken = [
            (role_of(str(t.speaker or ""), columns.customers) or "agent", t.text, t.created_at)
            for t in turns.itertuples()
        ]
        if not any(role == "customer" for role, _, _ in spoken):
            rejects += [
                (int(r), "conversation without a customer's turn", t.text)
                for r, t in turns.iterrows()
            ]
            continue
        mine = turns[[role == "customer" for role, _, _ in spoken]]
        first["id"], first["turns"] = str(conversation), spoken
        for name in ("author_id", *(c for c in turns.columns if c.startswith(GROUP_PREFIX))):
            known = mine[name].dropna()
            first[name] = known.iloc[0] if len(known) else None
        first.name = min(turns.index)
        report.merged += len(turns) - 1
        rows.append(first)
    joined = pd.DataFrame(rows, columns=[*table.columns, "turns"])
    joined["created_at"] = pd.to_datetime(joined["created_at"], utc=True)
    for column in _SCORES:
        joined[column] = joined[column].astype(float)
    return joined


def _clean_texts(table: pd.DataFrame, masked: Counter[str] | None) -> None:
    """Title and body joined, encodings mended, personal data masked, turns laid out; in place."""

    def clean(text: str) -> str:
        text = ftfy.fix_text(text, unescape_html=True).replace("\r\n", "\n").replace("\r", "\n")
        return redact(text, masked).strip() if masked is not None else text.strip()

    texts, spans = [], []
    for row in table[["text", "title", "turns", "source"]].itertuples(index=False):
        turns = row.turns if isinstance(row.turns, list) else None
        if turns is None and row.source == "transcript":
            turns = split_marked(row.text)
        if turns is not None:
            text, span = join_turns([(role, clean(words), time) for role, words, time in turns])
        else:
            text, span = clean(_titled(row.title, row.text)), None
        texts.append(text)
        spans.append(span)
    table["text"], table["turns"] = texts, pd.Series(spans, index=table.index, dtype=object)


def _titled(title: str, body: str) -> str:
    """A review's title and body as one text.

    >>> _titled("Never again", "It broke."), _titled("", "Fine"), _titled("Why?", "")
    ('Never again. It broke.', 'Fine', 'Why?')
    """
    if not title or not body:
        return title or body
    return f"{title} {body}" if title[-1] in ".!?" else f"{title}. {body}"


def _with_ids(table: pd.DataFrame) -> pd.DataFrame:
    """Source and feedback ids; without an id column, the row's own content is its id."""
    digests = pd.Series(
        [
            sha256("\x1f".join(map(as_text, cells)).encode()).hexdigest()[:12]
            for cells in table[["text", "created_at", "author_id"]].itertuples(index=False)
        ],
        index=table.index,
        dtype=object,
    )
    repeat = digests.groupby(digests).cumcount()
    own = digests + repeat.map(lambda n: f"-{n + 1}" if n else "")
    table["source_id"] = table["id"].where(table["id"].notna(), own)
    table["feedback_id"] = [
        feedback_id(s, i) for s, i in zip(table["source"], table["source_id"], strict=True)
    ]
    return table.drop(columns=["id", "title", "conversation", "speaker"])


def feedback_id(source: str, source_id: str) -> str:
    """The stable id of a feedback.

    >>> feedback_id("survey", "R-0001") == feedback_id("survey", "R-0001")
    True
    """
    return sha256(f"{source}\x1f{source_id}".encode()).hexdigest()[:16]


def pseudonym(author: Any) -> str | None:
    """A name or number of a person as a stable pseudonym; null stays null."""
    shown = as_text(author)
    return sha256(f"author\x1f{shown}".encode()).hexdigest()[:12] if shown else None


def _without_duplicates(
    feedback: pd.DataFrame, rejects: list[tuple[str, int, str, str]], reports: list[FileReport]
) -> pd.DataFrame:
    """One row per id: an exact repeat is refused, the same id on other words gets an id of its own."""
    first = feedback.drop_duplicates("feedback_id").set_index("feedback_id")
    repeated = feedback["feedback_id"].duplicated()
    drop = []
    by_file = {r.file: r for r in reports}
    for i, row in feedback[repeated].iterrows():
        original = first.loc[row["feedback_id"]]
        if original["text"] == row["text"]:
            reason = f"repeats {original['source_file']} row {original['source_row']}"
            rejects.append((row["source_file"], row["source_row"], reason, row["text"]))
            report = by_file[row["source_file"]]
            report.taken, report.rejected = report.taken - 1, report.rejected + 1
            drop.append(i)
        else:
            own = f"{row['source_id']}@{row['source_file']}:{row['source_row']}"
            feedback.loc[i, "feedback_id"] = feedback_id(row["source"], own)
    order = ["source", "source_file", "source_row"]
    kept = feedback.drop(index=drop).sort_values(order, kind="stable").reset_index(drop=True)
    return kept[sorted(kept.columns)]  # whatever the order of the files
