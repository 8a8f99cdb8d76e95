"""Raw rows to the feedback table: one row, one voice; what is not taken is written down."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256

import ftfy
import pandas as pd

from vocx.config import Columns, Input
from vocx.errors import UserError
from vocx.ingest.columns import Recognised, recognise, slug
from vocx.ingest.content import RawTable, Reject, whole, without_html
from vocx.ingest.conversations import (
    assumed_roles,
    is_conversation,
    join_turns,
    role_of,
    split_marked,
)
from vocx.ingest.languages import language_of
from vocx.ingest.origins import folder_of, is_address, raw_tables
from vocx.ingest.persons import things_in
from vocx.ingest.pseudonyms import pseudonym
from vocx.ingest.redact import redact
from vocx.ingest.repeats import repeated
from vocx.ingest.values import as_text, is_meaningful, to_nps, to_unit, to_utc
from vocx.schema import GROUP_PREFIX, SOURCES

_SCORES = ("rating", "nps", "csat", "ces")
_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]|_x000D_")
_TRIED = 200  # texts that are looked at for who speaks in them
SPOKEN = frozenset(["en"])  # languages that the models speak


@dataclass
class FileReport:
    """What became of one file: counts, and every assumption made; rows = taken + merged + rejected."""

    file: str
    digest: str
    layout: str = ""  # whose export it is; empty for a plain table
    rows: int = 0  # rows read; turns, in a conversation; answers, where a row holds several
    taken: int = 0  # feedback made of them
    merged: int = (
        0  # turns joined to the first of their conversation, and what says again what is there
    )
    rejected: int = 0
    not_meaningful: int = 0  # of those taken: "n/a", ".", nothing
    other_languages: dict[str, int] = field(default_factory=dict)  # of those taken: not labelled
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
    raws = [(table, entry) for entry in inputs for table in raw_tables(entry.path)]
    _tell_apart(raws)
    return ingest_raw(raws, redacting, keep)


def _tell_apart(raws: list[tuple[RawTable, Input]]) -> None:
    """Give files of one name their folders as well, or else a number, in place; UserError for one given twice."""
    named: dict[str, list[tuple[RawTable, Input]]] = {}
    for raw, entry in raws:
        named.setdefault(raw.file, []).append((raw, entry))
    for name, alike in named.items():
        if len(alike) < 2:
            continue
        where = [_place(entry.path) for _, entry in alike]
        if len(set(where)) < len({id(entry) for _, entry in alike}):
            raise UserError(f"{name}: the file is given twice", "name it once")
        deepest = max(len(w) for w in where)
        tails = (["/".join((*w[-n:], name)) for w in where] for n in range(1, deepest + 1))
        numbered = [f"{name} ({i + 1})" for i in range(len(alike))]
        named_apart = next((t for t in tails if len(set(t)) == len(t)), numbered)
        for (raw, _), own in zip(alike, named_apart, strict=True):
            raw.file = own


def _place(path: str) -> tuple[str, ...]:
    """The folders that an input's files lie in; of an address, which may hold a password, its digest."""
    if is_address(path):
        return (sha256(path.encode()).hexdigest()[:8],)
    return folder_of(path).resolve().parts[1:]


def ingest_raw(
    raws: list[tuple[RawTable, Input]], redacting: bool = True, keep: Sequence[str] = ()
) -> Ingested:
    """Raw tables, each with what is known of it, to the feedback table."""
    frames, rejects = [], []
    reports = [FileReport(raw.file, raw.digest) for raw, _ in raws]
    masked: Counter[str] = Counter()
    sources: dict[str, str] = {}  # by file
    better = _better_twins([raw for raw, _ in raws])
    numbered = sorted(
        enumerate(raws), key=lambda r: r[0] in better
    )  # those that give way come last
    for number, (raw, entry) in numbered:
        if number in better:
            _merge_whole(raw, better[number])
        try:
            found = feedback_of(raw, entry, masked if redacting else None, keep)
        except UserError as error:
            if not raw.among:
                raise
            found = _refused(raw, error)
        frame, refused, report = found
        frames.append(frame.assign(_file=number))
        source = frame["source"].iloc[0] if len(frame) else sources.get(better.get(number, ""), "")
        sources[raw.file] = source
        rows: list[tuple[int, str, str, str | None]] = [(*r, None) for r in refused]
        rows += [(row, reason, text, feedback_id(source, plain_id(i))) for row, reason, text, i in raw.merged]  # fmt: skip
        rejects += [
            (raw.file, row, reason, redact(whole(text), masked) if redacting else whole(text), into)
            for row, reason, text, into in rows
        ]
        reports[number] = report
    frames = [f for f in frames if len(f)]
    if not frames:
        first = f", the first because: {rejects[0][2]}" if rejects else ""
        raise UserError(
            f"{', '.join(r.file for r in reports)}: no row could be taken ({len(rejects)} rejected{first})",
            "run `vocx inspect FILE` to see how the columns were read",
        )
    feedback = _without_repeats(pd.concat(frames, ignore_index=True), rejects, reports)
    rejects.sort(key=lambda r: r[:4])
    reports.sort(key=lambda r: (r.file, r.digest))
    columns = ["source_file", "source_row", "reason", "text", "merged_into"]
    return Ingested(feedback, pd.DataFrame(rejects, columns=columns), reports, masked)


def _refused(raw: RawTable, error: UserError) -> tuple[pd.DataFrame, list[Reject], FileReport]:
    """A file among others whose columns cannot be told: all of its rows are rejected."""
    told = f"file not read: {error.what.removeprefix(f'{raw.file}: ')}"
    rows = [(int(n), told, "") for n in raw.frame.index] + raw.rejects
    report = FileReport(raw.file, raw.digest, raw.layout)
    report.rejected, report.merged = len(rows), len(raw.merged)
    report.rows = report.rejected + report.merged
    return pd.DataFrame(), rows, report


def _better_twins(raws: list[RawTable]) -> dict[int, str]:
    """Of tables that are versions of one thing, those that give way, and to which file."""
    best: dict[str, int] = {}
    for i, raw in enumerate(raws):
        if raw.twin and (raw.twin[0] not in best or raw.twin[1] > (raws[best[raw.twin[0]]].twin or ("", 0))[1]):  # fmt: skip
            best[raw.twin[0]] = i
    return {i: raws[best[r.twin[0]]].file for i, r in enumerate(raws) if r.twin and best[r.twin[0]] != i}  # fmt: skip


def _merge_whole(raw: RawTable, file: str) -> None:
    """Empty a table that another is a better version of; its rows are told as merged."""
    told = f"read from its other version, {file}"
    talks = raw.frame["conversation"].map(str).to_dict() if "conversation" in raw.frame else {}
    of = next(iter(talks.values()), "")
    rows = sorted([*raw.frame.index, *(n for n, _, _ in raw.rejects)])
    raw.merged = [(int(n), told, "", talks.get(n, of)) for n in rows]
    raw.rejects, raw.frame = [], raw.frame.iloc[:0]


def feedback_of(
    raw: RawTable, entry: Input, masked: Counter[str] | None, keep: Sequence[str] = ()
) -> tuple[pd.DataFrame, list[tuple[int, str, str]], FileReport]:
    """Feedback rows of one raw table, the rows refused, and the file's report.

    ``masked`` counts the masks put on personal data; null leaves the text as it is.
    """
    report = FileReport(raw.file, raw.digest, raw.layout, assumptions=list(raw.notes))
    report.merged = len(raw.merged)
    rejects = list(raw.rejects)
    n_rows = len(raw.frame) + len(raw.rejects) + len(raw.merged)
    if raw.frame.empty:
        report.rows, report.rejected = n_rows, len(rejects)
        return pd.DataFrame(), rejects, report
    given = raw.columns.model_copy(update=entry.columns.model_dump(exclude_none=True))
    found = recognise(raw.frame, given, raw.file, keep)
    report.columns, report.groups, report.ignored = dict(found.roles), found.groups, found.ignored
    if raw.encoding not in ("", "utf-8"):
        report.assumptions.append(f"text read as {raw.encoding}")
    report.assumptions += [
        f"'{column}' holds words too, and was not read; to read it instead: columns.text={column}"
        for column in found.unread
    ]
    report.assumptions += [
        f"'{column}' is called like {role}, but too few of its cells are such numbers: not read as {role}; "
        f"to read those that are: columns.{role}={column}"
        for role, column in found.misfits.items()
    ]
    table = _typed(raw.frame, found, report)
    table["prompt"] = None
    if "conversation" in found.roles and "speaker" in found.roles:
        report.assumptions.append(assumed_roles(table, given.customers, raw.file))
        table = _conversations(table, given, rejects, report)
        default_source = "transcript"
    else:
        table["turns"] = None
        default_source = _source_of(found, raw.layout, table["text"])
        if "speaker" in found.roles:
            table = _customers_rows(table, given.customers, rejects, report)
    if found.questions:
        table = _answers(table, raw.frame, found.questions)
        n_rows += len(table) - len(raw.frame)
        report.assumptions.append(
            f"{len(found.questions)} open questions: each answer is a feedback of its own"
        )
    report.rows = n_rows
    if entry.source or "source" not in found.roles:
        table["source"] = entry.source or default_source
        if not entry.source:
            report.assumptions.append(f"source taken as {default_source}")
    else:
        table["source"] = _known_source(table["source"], default_source, report)
    _clean_texts(table, masked)
    if masked is not None:
        _mask_columns(table, masked, report)
    blank = (table["text"] == "") & table[list(_SCORES)].isna().all(axis=1)
    rejects += [(int(row), "no text and no score", "") for row in table.index[blank]]
    table = table[~blank].copy()
    table["source_file"] = raw.file
    table["source_row"] = table.index.astype(int)
    table["meaningful"] = [is_meaningful(t) for t in table["text"]]
    report.not_meaningful = int((~table["meaningful"]).sum())
    _tell_languages(table, report)
    report.taken, report.rejected = len(table), len(rejects)
    return _with_ids(table.reset_index(drop=True)), rejects, report


def _answers(table: pd.DataFrame, frame: pd.DataFrame, questions: list[str]) -> pd.DataFrame:
    """One row for each answer to an open question, its question beside it.

    A row without any answer stays as one without words: its scores count.
    """
    parts = []
    given = {q: frame[q].map(as_text) for q in questions}
    for place, question in enumerate(questions, start=1):
        part = table.assign(text=given[question], prompt=question, _place=place)
        part["id"] = part["id"].map(lambda i, p=place: f"{i}/{p}" if i is not None else None)
        parts.append(part[part["text"] != ""])
    silent = pd.concat(given, axis=1).eq("").all(axis=1)
    parts.append(table[silent].assign(text="", _place=0))
    answers = pd.concat(parts)
    answers["_row"] = answers.index
    answers = answers.sort_values(["_row", "_place"], kind="stable")
    return answers.drop(columns=["_row", "_place"])


def _tell_languages(table: pd.DataFrame, report: FileReport) -> None:
    """The language of each text; those that the models do not speak are set aside; in place."""
    told = [language_of(t) if m else None for t, m in zip(table["text"], table["meaningful"], strict=True)]  # fmt: skip
    known = table["language"].map(_language_code)
    table["language"] = [t or k for t, k in zip(told, known, strict=True)]
    other = pd.Series(
        [t is not None and t not in SPOKEN for t in told], index=table.index, dtype=bool
    )
    table["meaningful"] &= ~other
    counts = table.loc[other, "language"].value_counts()
    report.other_languages = {str(k): int(n) for k, n in sorted(counts.items())}


def _language_code(given: object) -> str | None:
    """A language as a file gives it, as ISO 639-1 where it looks like that.

    >>> _language_code("en_GB"), _language_code("EN"), _language_code("English")
    ('en', 'en', 'English')
    """
    shown = as_text(given)
    short = shown.replace("_", "-").split("-")[0].lower()
    return (short if len(short) == 2 else shown) or None


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


def _mask_columns(table: pd.DataFrame, masked: Counter[str], report: FileReport) -> None:
    """Personal data masked in groups and channel, and an id that is such data digested; in place.

    A masked group ends in digits of its pseudonym: two towns that look like persons stay two groups.
    """
    for column in ("channel", *(c for c in table if str(c).startswith(GROUP_PREFIX))):
        found = {v: redact(v, masked) for v in table[column].dropna().unique()}
        changed = {v: f"{mask} {str(pseudonym(v))[:4]}" for v, mask in found.items() if mask != v}
        table[column] = table[column].map(found | changed).where(table[column].notna(), None)
        if changed:
            report.assumptions.append(
                f"'{column.removeprefix(GROUP_PREFIX)}': {len(changed)} of its {len(found)} values look like personal "
                f"data and are masked, each by its own name ({min(changed.values())}); --set redact=false shows them"
            )
    table["id"] = table["id"].map(plain_id, na_action="ignore")


def plain_id(given: str) -> str:
    """An id as it is stored: one that is somebody's e-mail or phone as its digest.

    >>> plain_id("R-0001"), plain_id("114892001"), len(plain_id("jo@example.com"))
    ('R-0001', '114892001', 12)
    """
    if given[:1] not in "+0(" and "@" not in given and " dot " not in given.lower():
        return given  # no phone, no e-mail: as most ids are, which are spared the search
    personal = "[EMAIL]" in redact(given) or (given[:1] in "+0(" and "[PHONE]" in redact(given) and "-" not in given)  # fmt: skip
    return sha256(given.encode()).hexdigest()[:12] if personal else given


def _customers_rows(
    table: pd.DataFrame, customers: list[str] | None, rejects: list[Reject], report: FileReport
) -> pd.DataFrame:
    """Of turns without a conversation, the customers' alone; agents' are rejected, where both are known."""
    names = table["speaker"].dropna().astype(str)
    roles = names.map({n: role_of(n, customers) for n in names.unique()})
    if roles.nunique() < 2:
        return table
    agents = table.index.isin(roles.index[roles == "agent"])
    rejects += [
        (int(row), "an agent's words, of no conversation that is told", str(text))
        for row, text in table.loc[agents, "text"].items()
    ]
    report.assumptions.append(
        f"'{report.columns['speaker']}' says who speaks, and no column which conversation it is: each turn of a customer "
        "is a feedback of its own; if one does, name it: columns.conversation=COLUMN"
    )
    return table[~agents].copy()


def _source_of(found: Recognised, layout: str, texts: pd.Series) -> str:
    """The kind of feedback, by the layout, or what else the file holds: NPS and the like make a survey."""
    for kind in ("survey", "review"):
        if kind in layout:
            return kind
    if layout == "e-mail":
        return "complaint"
    if not layout and texts.head(_TRIED).map(is_conversation).mean() > 0.5:
        return "transcript"
    if any(r in found.roles for r in ("nps", "csat", "ces")):
        return "survey"
    return "review" if "rating" in found.roles else "survey"


def _conversations(
    table: pd.DataFrame, columns: Columns, rejects: list[Reject], report: FileReport
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
    speakers = table["speaker"].fillna("").astype(str)
    roles = {s: role_of(s, columns.customers) or "agent" for s in speakers.unique()}
    role = speakers.map(roles).to_numpy(object)
    cells = {c: table[c].to_numpy(object) for c in table.columns}
    timed = table["created_at"].notna().to_numpy()
    numbers, times = table.index.to_numpy(), table["created_at"].tolist()
    groups = [c for c in table.columns if str(c).startswith(GROUP_PREFIX)]
    rows, firsts = [], []
    for conversation, places in table.groupby("conversation", sort=False).indices.items():
        at = sorted(places, key=lambda i: times[i]) if timed[places].all() else list(places)
        mine = [i for i in at if role[i] == "customer"]
        if not mine:
            rejects += [
                (int(numbers[i]), "conversation without a customer's turn", cells["text"][i])
                for i in at
            ]
            continue
        first = {c: values[at[0]] for c, values in cells.items()}
        first["id"] = str(conversation)
        first["turns"] = [(role[i], cells["text"][i], times[i]) for i in at]
        for name in ("author_id", "channel", "language", *_SCORES, *groups):
            own = mine if name == "author_id" or name in groups else at
            known = [cells[name][i] for i in own if not pd.isna(cells[name][i])]
            first[name] = known[-1 if name in _SCORES else 0] if known else None
        report.merged += len(at) - 1
        rows.append(first)
        firsts.append(min(numbers[i] for i in at))
    joined = pd.DataFrame(rows, columns=[*table.columns, "turns"], index=firsts)
    joined["created_at"] = pd.to_datetime(joined["created_at"], utc=True)
    for column in _SCORES:
        joined[column] = joined[column].astype(float)
    return joined


def _clean_texts(table: pd.DataFrame, masked: Counter[str] | None) -> None:
    """Title and body joined, encodings mended, personal data masked, turns laid out; in place."""

    things = things_in(table["text"]) if masked is not None else frozenset()

    @cache  # short answers come again and again
    def cleaned(text: str) -> tuple[str, Counter[str]]:
        text = _BREAKS.sub("\n", whole(text))
        text = without_html(ftfy.fix_text(text, unescape_html=True))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        found: Counter[str] = Counter()
        return (text if masked is None else redact(text, found, things)).strip(), found

    def clean(text: str) -> str:
        text, found = cleaned(text)
        if masked is not None:
            masked.update(found)
        return text

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


def _without_repeats(
    feedback: pd.DataFrame, rejects: list[tuple], reports: list[FileReport]
) -> pd.DataFrame:
    """The feedback with its ids, once each (see `repeated`); what repeats is told as merged.

    One id on different words makes two feedback. Ids do not depend on the order of files or rows.
    """
    order = ["source", "source_id", "_content", "source_file", "source_row"]
    feedback = feedback.sort_values(order, kind="stable").reset_index(drop=True)
    same = repeated(feedback)
    kept = same.isna()
    counted = feedback[kept].groupby(["source", "source_id"], sort=False).cumcount()
    own = feedback.loc[kept, "source_id"] + [f"#{n + 1}" if n else "" for n in counted]
    feedback["feedback_id"] = pd.Series(
        [feedback_id(s, i) for s, i in zip(feedback.loc[kept, "source"], own, strict=True)],
        index=own.index,
        dtype=object,
    )
    again = feedback[~kept]
    first = feedback.loc[same[~kept], ["source_row", "source_file", "feedback_id"]]
    for place, file, number, text, (row, of, known) in zip(
        again["_file"], again["source_file"], again["source_row"], again["text"],
        first.itertuples(index=False), strict=True,
    ):  # fmt: skip
        rejects.append((file, number, f"repeats row {row} of {of}", text, known))
        report = reports[int(place)]
        report.taken, report.merged = report.taken - 1, report.merged + 1
    feedback = feedback[kept].drop(columns=["_file", "_content", "_certain"])
    order = ["source", "source_file", "source_row", "feedback_id"]
    feedback = feedback.sort_values(order, kind="stable").reset_index(drop=True)
    return feedback[sorted(feedback.columns)]
