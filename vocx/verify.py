"""Whether a run tells the truth: every count recounted, every quote looked up, every row accounted for.

Nothing is taken from the report or the manifest that the tables do not say too; the address of each lie
is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from vocx.matrix import build_matrix
from vocx.runs import Run

_FLOATS = ("share", "share_low", "share_high", "severity", "polarity")
_KEY = ["stage", "theme", "issue_id", "kind", "group", "period"]


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
        ("cells", _cells),
        ("coverage", _coverage),
    ):
        n = 0
        for lie in check(run):
            n += 1
            if lie is not None:
                lies.append(lie)
        checked[name] = n
    return Verdict(checked, lies)


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


def _cells(run: Run) -> Checks:
    """Every cell of the matrix is as it is counted anew from the segments."""
    config = run.manifest["config"]
    anew = build_matrix(run.feedback, run.segments, run.journey, run.thresholds, run.issues,
                        run.manifest["groups"], config["period"])  # fmt: skip
    said, found = (_by_cell(m) for m in (run.matrix, anew))
    for key in sorted({*said.index, *found.index}):
        where = "matrix, " + ", ".join(
            f"{n} {v}" for n, v in zip(_KEY, key, strict=True) if v != ""
        )
        if key not in found.index:
            yield Lie(where, "no mention makes this cell")
            continue
        if key not in said.index:
            yield Lie(where, f"the cell is missing: {int(found.loc[key, 'n_feedback'])} feedback")
            continue
        a, b = said.loc[key], found.loc[key]
        yield _same(where, "n_feedback", int(a["n_feedback"]), int(b["n_feedback"]))
        for name in _FLOATS:
            x, y = float(a[name]), float(b[name])
            same = np.isclose(x, y, atol=1e-4, equal_nan=True)
            yield None if same else Lie(where, f"{name}: {x:.4f} said, {y:.4f} found")


def _by_cell(matrix: pd.DataFrame) -> pd.DataFrame:
    frame = matrix.copy()
    for name in _KEY:
        frame[name] = frame[name].astype(object).where(frame[name].notna(), "")
    kept = frame.set_index(_KEY)[["n_feedback", *_FLOATS]]
    return kept.astype(float)


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
