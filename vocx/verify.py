"""Whether a run tells the truth: every count recounted, every quote looked up, every row accounted for.

Nothing is taken from the report or the manifest that the tables do not say too; the address of each lie
is told.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from vocx.counting import count
from vocx.report import build_facts, facts_in
from vocx.runs import Run

_KEYS = {
    "matrix": ["stage", "theme", "issue_id", "kind", "group", "period"],
    "effects": ["score", "level", "stage", "theme", "issue_id", "kind"],
    "scores": ["level", "name", "group", "period", "measure", "of"],
    "paths": ["what", "from_stage", "to_stage", "theme"],
}


@dataclass
class Lie:
    """Something that a run says and that is not so."""

    where: str  # the table or file and the row, id or cell
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Verdict:
    """What was checked, how often, and what was found wrong."""

    checked: dict[str, int]
    lies: list[Lie]


def verify(run: Run) -> Verdict:
    """All checks over a run's tables and its manifest."""
    checked: dict[str, int] = {}
    lies: list[Lie] = []
    for name, check in (
        ("rows", _rows),
        ("ids", _ids),
        ("quotes", _quotes),
        ("issues", _issues),
        ("coverage", _coverage),
        ("cells and scores", _tables),
        ("parts of the report", _report),
    ):
        n = 0
        if check in (_tables, _report) and lies and not _whole(run):
            lies.append(Lie(name, "not checked: ids are missing or there twice, see above"))
            continue
        for lie in check(run):
            n += 1
            if lie is not None:
                lies.append(lie)
        checked[name] = n
    return Verdict(checked, lies)


def _whole(run: Run) -> bool:
    """Whether ids are unique and point at what is there, so that counts can be made anew."""
    unique = not (
        run.feedback["feedback_id"].duplicated().any()
        or run.segments["segment_id"].duplicated().any()
        or run.issues["issue_id"].duplicated().any()
    )
    known = run.segments["feedback_id"].isin(run.feedback["feedback_id"]).all()
    issues = run.segments["issue_id"].dropna().isin(run.issues["issue_id"]).all()
    return bool(unique and known and issues)


Checks = Iterator[Lie | None]  # one for each thing looked at: null where it is so


def _same(where: str, what: str, said: object, found: object) -> Lie | None:
    return None if said == found else Lie(where, f"{what}: {said} said, {found} found")


def _rows(run: Run) -> Checks:
    """Rows in = taken + merged + rejected, for every file and for all of them."""
    rows, files = run.manifest["rows"], run.manifest["inputs"]
    refused = run.rejects["merged_into"].isna()
    taken = run.feedback["source_file"].value_counts()
    rejected = run.rejects.loc[refused, "source_file"].value_counts()
    for name in dict.fromkeys(f["file"] for f in files):
        mine = [f for f in files if f["file"] == name]
        total = {k: sum(f[k] for f in mine) for k in ("rows", "taken", "merged", "rejected")}
        where = f"manifest.json, inputs, {name}"
        made = total["taken"] + total["merged"] + total["rejected"]
        yield _same(where, "rows = taken + merged + rejected", total["rows"], made)
        yield _same(where, "taken", total["taken"], int(taken.get(name, 0)))
        yield _same(where, "rejected", total["rejected"], int(rejected.get(name, 0)))
    known = {f["file"] for f in files}
    for row in run.feedback[~run.feedback["source_file"].isin(known)].itertuples():
        yield Lie(f"feedback {row.feedback_id}", f"its file {row.source_file} is no input")
    made = rows["taken"] + rows["merged"] + rows["rejected"]
    yield _same("manifest.json, rows", "read = taken + merged + rejected", rows["read"], made)
    yield _same("manifest.json, rows", "taken", rows["taken"], len(run.feedback))
    yield _same("manifest.json, rows", "rejected", rows["rejected"], int(refused.sum()))


def _ids(run: Run) -> Checks:
    """Every id is there once, and what it points at is there."""
    feedback = set(run.feedback["feedback_id"])
    issues = set(run.issues["issue_id"])
    for table, column in (("feedback", "feedback_id"), ("segments", "segment_id"), ("issues", "issue_id")):  # fmt: skip
        ids = getattr(run, table)[column]
        for value in ids[ids.duplicated()]:
            yield Lie(f"{table} {value}", "the id is there twice")
        yield None
    for row in run.segments.itertuples():
        if row.feedback_id not in feedback:
            yield Lie(f"segments {row.segment_id}", f"there is no feedback {row.feedback_id}")
        elif row.segment_id != f"{row.feedback_id}/{row.seq}":
            yield Lie(f"segments {row.segment_id}", "the id is not its feedback's with its place")
        elif row.issue_id is not None and row.issue_id not in issues:
            yield Lie(f"segments {row.segment_id}", f"there is no issue {row.issue_id}")
        else:
            yield None
    merged = run.rejects[run.rejects["merged_into"].notna()]
    for row in merged.itertuples():
        where = f"rejects, {row.source_file} row {row.source_row}"
        there = row.merged_into in feedback
        yield None if there else Lie(where, f"merged into {row.merged_into}, which is not there")


def _quotes(run: Run) -> Checks:
    """Every segment's words stand in its feedback at its offsets; every example is of its issue."""
    texts = run.feedback.drop_duplicates("feedback_id").set_index("feedback_id")["text"]
    for row in run.segments.itertuples():
        text = texts.get(row.feedback_id)
        if text is None:
            continue  # told above
        found = text[row.start : row.end]
        same = found == row.text
        yield None if same else Lie(f"segments {row.segment_id}", f"{row.text[:40]!r} said, {found[:40]!r} found at {row.start}-{row.end}")  # fmt: skip
    issue_of = run.segments.drop_duplicates("segment_id").set_index("segment_id")["issue_id"]
    for issue in run.issues.itertuples():
        for example in list(issue.examples):
            told = issue_of.get(example, "nothing")
            yield _same(f"issues {issue.issue_id}, example {example}", "its issue", issue.issue_id, told)  # fmt: skip


def _issues(run: Run) -> Checks:
    """Every issue's counts are those of its segments."""
    mine = run.segments[run.segments["issue_id"].notna()]
    voices = mine.groupby("issue_id")["feedback_id"].nunique()
    size = mine["issue_id"].value_counts()
    severity = mine.groupby("issue_id")["severity"].mean()
    for issue in run.issues.itertuples():
        where = f"issues {issue.issue_id} '{issue.name}'"
        yield _same(where, "n_feedback", int(issue.n_feedback), int(voices.get(issue.issue_id, 0)))
        yield _same(where, "n_segments", int(issue.n_segments), int(size.get(issue.issue_id, 0)))
        found = float(severity.get(issue.issue_id, np.nan))
        told = float(np.nan if issue.severity is None else issue.severity)
        same = np.isclose(told, found, atol=1e-4, equal_nan=True)
        yield None if same else Lie(where, f"severity: {told:.3f} said, {found:.3f} found")


def _tables(run: Run) -> Checks:
    """Matrix, effects, scores and paths are as they are counted anew from feedback and segments."""
    anew = count(run.feedback, run.segments, run.issues, run.journey, run.thresholds,
                 run.manifest["groups"], run.manifest["config"]["period"], run.confusion,
                 run.manifest["config"].get("suppress", 0))  # fmt: skip
    for table, keys in _KEYS.items():
        yield from _same_rows(table, keys, getattr(run, table), getattr(anew, table))


def _same_rows(table: str, keys: list[str], said: pd.DataFrame, found: pd.DataFrame) -> Checks:
    """The same rows, by their keys, with the same values in every column."""
    a, b = _by_key(said, keys), _by_key(found, keys)
    values = [c for c in b.columns if c in a.columns]
    for key in sorted({*a.index, *b.index}):
        where = f"{table}, " + ", ".join(f"{n} {v}" for n, v in zip(keys, key, strict=True) if v)
        if key not in b.index:
            yield Lie(where, "nothing makes this row")
            continue
        if key not in a.index:
            yield Lie(where, "the row is missing")
            continue
        mine, theirs = a.loc[[key]], b.loc[[key]]
        if len(mine) > 1:
            yield Lie(where, "the row is there twice")
            continue
        for name in values:
            x, y = mine[name].iloc[0], theirs[name].iloc[0]
            if not _alike(x, y):
                yield Lie(where, f"{name}: {_told(x)} said, {_told(y)} found")
        yield None


def _by_key(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    named = frame.copy()
    for name in keys:
        named[name] = named[name].astype(object).where(named[name].notna(), "").astype(str)
    return named.set_index(keys).sort_index()


def _alike(x: object, y: object) -> bool:
    if pd.isna(x) or pd.isna(y):
        return bool(pd.isna(x) and pd.isna(y))
    if isinstance(x, str) or isinstance(y, str):
        return x == y
    return bool(np.isclose(float(x), float(y), rtol=1e-3, atol=1e-4))  # type: ignore[arg-type]


def _told(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _report(run: Run) -> Checks:
    """What report.json says of counts, scores and quotes is what the tables say."""
    if run.path is None or not (run.path / "report.json").is_file():
        yield Lie("report.json", "is missing")
        return
    told = json.loads((run.path / "report.json").read_text(encoding="utf-8"))
    if told["journey"]["name"] != run.manifest["journey"]:
        yield None  # drawn again by another journey, whose counts the tables do not hold
        return
    facts = json.loads(json.dumps(build_facts(run, run.journey), default=str))
    yield from _same_parts("report.json", told, facts)
    page = (run.path / "report.html").read_text(encoding="utf-8")
    yield from _same_parts("report.html", facts_in(page), told)


def _same_parts(where: str, said: Any, found: Any) -> Checks:
    """Two contents of JSON, part by part; a lie for each leaf that differs."""
    if isinstance(said, dict) and isinstance(found, dict):
        for key in sorted({*said, *found}):
            if key not in found or key not in said:
                yield Lie(f"{where}, {key}", "is made up" if key in said else "is missing")
            else:
                yield from _same_parts(f"{where}, {key}", said[key], found[key])
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for i, (x, y) in enumerate(zip(said, found, strict=True)):
            yield from _same_parts(f"{where}[{i}]", x, y)
    elif isinstance(said, float | int) and isinstance(found, float | int):
        same = np.isclose(said, found, rtol=1e-3, atol=2e-3)
        yield None if same else Lie(where, f"{said} said, {found} found")
    else:
        yield (
            None
            if said == found
            else Lie(where, f"{str(said)[:60]!r} said, {str(found)[:60]!r} found")
        )


def _coverage(run: Run) -> Checks:
    """The manifest's counts are those of the tables, and no feedback lacks one of its segments."""
    told = run.manifest["coverage"]
    mentions = run.segments["kind"].isin(["pain", "win"])
    for name, found in (
        ("feedback", len(run.feedback)),
        ("meaningful", int(run.feedback["meaningful"].astype(bool).sum())),
        ("segments", len(run.segments)),
        ("mentions", int(mentions.sum())),
    ):
        yield _same("manifest.json, coverage", name, told[name], found)
    for feedback_id, seqs in run.segments.groupby("feedback_id")["seq"]:
        whole = sorted(seqs) == list(range(seqs.min(), seqs.min() + len(seqs)))
        yield None if whole else Lie(f"segments of {feedback_id}", "one is missing")
