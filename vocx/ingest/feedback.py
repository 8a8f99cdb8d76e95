"""Raw rows to the feedback table: one row, one voice; what is not taken is written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import ftfy
import pandas as pd

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest.columns import Recognised, recognise, slug
from vocx.ingest.conversations import assumed_roles, join_turns, role_of, split_marked
from vocx.ingest.files import RawTable, list_files, read_raw
from vocx.ingest.redact import redact
from vocx.ingest.values import as_text, is_meaningful, to_nps, to_unit, to_utc
from vocx.schema import GROUP_PREFIX, SOURCES

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


def ingest(inputs: list[Input], redacting: bool = True, keep: Sequence[str] = ()) -> Ingested:
    """Read every input into the feedback table of `vocx.schema`, without its labels.

    Columns named in ``keep`` are kept as groups.

    Raises UserError where a file is missing, of no known kind, empty, or has no column of words.
    """
    raws = [(read_raw(path), entry) for entry in inputs for path in list_files(Path(entry.path))]
    return ingest_raw(raws, redacting, keep)


def ingest_raw(
    raws: list[tuple[RawTable, Input]], redacting: bool = True, keep: Sequence[str] = ()
) -> Ingested:
    """Raw tables, each with what is known of it, to the feedback table."""
    frames, rejects, reports = [], [], []
    masked: Counter[str] = Counter()
    for number, (raw, entry) in enumerate(raws):
        frame, refused, report = feedback_of(raw, entry, masked if redacting else None, keep)
        frames.append(frame.assign(_file=number))
        rejects += [
            (raw.file, row, reason, redact(text, masked) if redacting else text)
            for row, reason, text in refused
        ]
        reports.append(report)
    feedback = _without_repeats(pd.concat(frames, ignore_index=True), rejects, reports)
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
    raw: RawTable, entry: Input, masked: Counter[str] | None, keep: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[tuple[int, str, str]], FileReport]:
    """Feedback rows of one raw table, the rows refused, and the file's report.

    ``masked`` counts the masks put on personal data; null leaves the text as it is.
    """
    found = recognise(raw.frame, entry.columns, raw.file, keep)
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
    report.assumptions += [
        f"'{column}' holds words too, and was not read; to read it instead: columns.text={column}"
        for column in found.unread
    ]
    rejects = list(raw.rejects)
    table = _typed(raw.frame, found, report)
    if "conversation" in found.roles and "speaker" in found.roles:
        report.assumptions.append(
            assumed_roles(table["speaker"], entry.columns.customers, raw.file)
        )
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
        table["source"] = _known_source(table["source"], default_source, report)
    _clean_texts(table, masked)
    if masked is not None:
        _mask_columns(table, masked)
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
        name = GROUP_PREFIX + slug(column)
        while name in table:
            name += "_"
        table[name] = values.where(values != "", None)
    return table


def _note_lost(
    given: pd.Series, read: pd.Series, what: str, column: str, report: FileReport
) -> None:
    lost = given.index[given.map(as_text).ne("") & read.isna()]
    if len(lost):
        report.assumptions.append(
            f"'{column}': {len(lost)} values are {what} and were left null (first in row {lost[0]}: "
            f"{redact(as_text(given.loc[lost[0]]))[:40]!r})"
        )


def _known_source(given: pd.Series, default: str, report: FileReport) -> pd.Series:
    """The source column in our words; other words count as the file's kind, and are told."""
    lower = given.str.lower().where(given.notna(), default)
    unknown = sorted(set(lower) - set(SOURCES))
    if unknown:
        report.assumptions.append(
            f"source {', '.join(unknown[:5])}: no kind vocx knows, taken as {default}"
        )
    return lower.where(lower.isin(SOURCES), default)


def _mask_columns(table: pd.DataFrame, masked: Counter[str]) -> None:
    """Personal data masked in groups and channel, and an id that is such data digested; in place."""
    for column in ("channel", *(c for c in table if str(c).startswith(GROUP_PREFIX))):
        found = {v: redact(v, masked) for v in table[column].dropna().unique()}
        table[column] = table[column].map(found).where(table[column].notna(), None)
    told = table["id"].dropna()
    found = {
        v: sha256(v.encode()).hexdigest()[:12]
        for v in told
        if "[EMAIL]" in redact(v) or "[PHONE]" in redact(v)
    }
    table["id"] = table["id"].map(lambda v: found.get(v, v))


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
        groups = [c for c in turns.columns if c.startswith(GROUP_PREFIX)]
        for name in ("author_id", "channel", "language", *_SCORES, *groups):
            known = (mine if name == "author_id" or name in groups else turns)[name].dropna()
            first[name] = known.iloc[-1 if name in _SCORES else 0] if len(known) else None
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
    """The digest of each row's content, and source ids; without an id column the digest is the id."""
    content = ["text", "created_at", "author_id", *_SCORES]
    table["_content"] = [
        sha256("\x1f".join(map(as_text, cells)).encode()).hexdigest()[:12]
        for cells in table[content].itertuples(index=False)
    ]
    has_id = table["id"].notna()
    told = table["created_at"].notna() & table["author_id"].notna() & (table["text"] != "")
    table["_certain"] = has_id | told
    table["source_id"] = table["id"].where(has_id, table["_content"])
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


def _without_repeats(
    feedback: pd.DataFrame, rejects: list[tuple[str, int, str, str]], reports: list[FileReport]
) -> pd.DataFrame:
    """The feedback with its ids, once each.

    A row repeats another where all of it is the same and its id, or its author and time, say that
    it is the same feedback: such a row is rejected. Without those, two people may well have said
    the same, and both count. One id on different words makes two feedback. Ids do not depend on
    the order of files or rows.
    """
    order = ["source", "source_id", "_content", "source_file", "source_row"]
    feedback = feedback.sort_values(order, kind="stable").reset_index(drop=True)
    key = ["source", "source_id", "_content"]
    repeated = feedback.duplicated(key) & feedback["_certain"]
    for row in feedback[repeated].itertuples():
        rejects.append((row.source_file, row.source_row, "repeats an earlier row", row.text))
    for number, n in feedback.loc[repeated, "_file"].value_counts().items():
        reports[number].taken -= int(n)
        reports[number].rejected += int(n)
    feedback = feedback[~repeated].copy()
    same_id = feedback.groupby(["source", "source_id"], sort=False).cumcount()
    own = feedback["source_id"] + [f"#{n + 1}" if n else "" for n in same_id]
    feedback["feedback_id"] = [
        feedback_id(s, i) for s, i in zip(feedback["source"], own, strict=True)
    ]
    feedback = feedback.drop(columns=["_file", "_content", "_certain"])
    order = ["source", "source_file", "source_row", "feedback_id"]
    feedback = feedback.sort_values(order, kind="stable").reset_index(drop=True)
    return feedback[sorted(feedback.columns)]
