"""Labelled feedback: comments and their mentions, read as training rows."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vocx.config import Columns, Input
from vocx.errors import UserError, closest
from vocx.ingest import ingest_raw
from vocx.ingest.origins import raw_tables
from vocx.schema import EMOTIONS, SENTIMENTS, STAGES, TOUCHPOINTS

FEEDBACK_TASKS = ("stage", "touchpoint", "sentiment", "emotion")
_CLASSES = {"stage": STAGES, "touchpoint": TOUCHPOINTS, "emotion": EMOTIONS}
_DESCRIBED = ("text", "id", "source", "title")  # columns that tell what is labelled
_MOST_MENTIONS = 6  # coders stopped there: what is left of a longer comment is not surely "none"
LEAST_OVERLAP = 0.6  # of words, over the shorter of segment and quote


@dataclass
class Labelled:
    """Labelled feedback.

    Attributes
    ----------
    feedback : the feedback table with the label columns stage, touchpoint, sentiment (-2..2), emotion;
        digest of the text as it was given, before it was mended and masked; and mentions_coded:
        whether coders looked for mentions, found or not. What a second coder said is in columns
        such as stage_second, where there was one.
    mentions : feedback_id, quote, kind, stage, touchpoint, theme, severity; empty without mentions.
    """

    feedback: pd.DataFrame
    mentions: pd.DataFrame


def text_digest(text: str) -> str:
    """sha256 of a text lower-cased, with runs of white space as one blank, trimmed."""
    return sha256(re.sub(r"\s+", " ", text.lower()).strip().encode()).hexdigest()


def held_out(path: Path | None) -> set[str]:
    """Digests of the texts that must train nothing; none without a file."""
    if path is None:
        return set()
    if not path.is_file():
        raise UserError(f"{path}: no such file", "name the file of held-out digests, or none")
    return set(path.read_text(encoding="utf-8").split())


def read_labels(
    path: Path,
    exclude_licences: list[str] | None = None,
    holdout: Path | None = None,
    columns: tuple[str, ...] = (),
) -> Labelled:
    """Labelled feedback from JSONL (with `mentions`) or any table with a text and label columns.

    Rows under an excluded licence, and texts whose digest is in ``holdout``, are left out.
    ``columns`` are labels of a team's own, kept as they are.
    """
    raw = next(raw_tables(str(path)))
    frame = raw.frame = _with_known_names(raw.frame, columns)
    named = Columns(**{c: c for c in _DESCRIBED if c in frame.columns})
    ingested = ingest_raw([(raw, Input(path=str(path), columns=named))])
    feedback, text = ingested.feedback, ingested.files[0].columns.get("text")
    labels = frame.loc[feedback["source_row"]].reset_index(drop=True)
    keep = pd.Series(True, feedback.index)
    if exclude_licences and "licence" in labels:
        keep &= ~labels["licence"].isin(exclude_licences)
    rows = feedback["source_row"]
    given = labels[text] if text in labels else feedback["text"]
    digests = given.map(lambda words: text_digest(str(words)))
    if holdout is not None:
        keep &= ~digests.isin(held_out(holdout))
    feedback = feedback[
        ["feedback_id", "source", "source_id", "text", "turns", "meaningful"]
    ].copy()
    feedback["digest"] = digests
    for task in FEEDBACK_TASKS:
        feedback[task] = None
        for name in (task, f"{task}_second"):
            if name in labels:
                classes = _CLASSES.get(task)
                feedback[name] = (
                    _of_classes(labels[name], task, classes, rows, path)
                    if classes
                    else _steps(labels[name], rows, path)
                )
    for extra in ("domain", "dataset", "draw", *columns):
        if extra in labels:
            feedback[extra] = labels[extra]
    found = labels["mentions"] if "mentions" in labels else pd.Series(None, labels.index, object)
    found = found.map(lambda cell: cell.tolist() if isinstance(cell, np.ndarray) else cell)
    feedback["mentions_coded"] = found.map(lambda cell: isinstance(cell, str | list))
    kept = feedback[keep].reset_index(drop=True)
    if kept.empty:
        raise UserError(f"{path}: no labelled row is left to use", "check licences and holdout")
    return Labelled(kept, _mentions(kept["feedback_id"], found[keep], rows[keep], path))


def _with_known_names(frame: pd.DataFrame, own: tuple[str, ...]) -> pd.DataFrame:
    """The frame with columns named as vocx names them where they differ in case alone: "Stage"."""
    tasks = [name for task in FEEDBACK_TASKS for name in (task, f"{task}_second")]
    wanted = [*_DESCRIBED, *tasks, "mentions", "licence", "domain", "dataset", "draw", *own]
    written = {str(c).strip().lower(): c for c in reversed(frame.columns)}
    return frame.rename(
        columns={written[w.lower()]: w for w in wanted if w not in frame and w.lower() in written}
    )


def _of_classes(
    cells: pd.Series, task: str, classes: tuple[str, ...], rows: pd.Series, path: Path
) -> pd.Series:
    """Labels as vocx writes them, in any case, with blanks or hyphens; an empty cell is null."""
    plain = cells.map(lambda v: re.sub(r"[\s-]+", "_", str(v).strip().lower()), na_action="ignore")
    bad = cells[plain.notna() & plain.ne("") & ~plain.isin(classes)]
    if len(bad):
        raise UserError(
            f"{path}: row {rows.iloc[bad.index[0]]}: {task} '{bad.iloc[0]}' is no {task} that vocx knows",
            closest(str(bad.iloc[0]).lower(), list(classes))
            + "; or leave the cell empty; labels of your own need a task of another name",
        )
    return plain.astype(object).where(plain.isin(classes), None)


def _steps(cells: pd.Series, rows: pd.Series, path: Path) -> pd.Series:
    """Sentiment as steps -2..2, given so or by the names of the bands."""
    named = {band: step - 2 for step, band in enumerate(SENTIMENTS)}
    steps = cells.map(lambda v: named.get(str(v).strip().lower(), v))
    numbers = pd.to_numeric(steps, errors="coerce")
    bad = cells[cells.notna() & ~numbers.isin([-2, -1, 0, 1, 2])]
    if len(bad):
        raise UserError(
            f"{path}: row {rows.iloc[bad.index[0]]}: sentiment '{bad.iloc[0]}' is no step -2..2",
            f"use -2, -1, 0, 1, 2, or {', '.join(SENTIMENTS)}",
        )
    return numbers


def _mentions(owners: pd.Series, cells: pd.Series, rows: pd.Series, path: Path) -> pd.DataFrame:
    listed: list[dict[str, Any]] = []
    for owner, cell, row in zip(owners, cells, rows, strict=True):
        try:
            given = json.loads(cell) if isinstance(cell, str) else cell
        except ValueError:
            given = [cell]
        for mention in given if isinstance(given, list) else []:
            if not _is_mention(mention):
                raise UserError(
                    f"{path}: row {row}: a mention without `quote`, or of a kind that is not pain or win",
                    'write {"quote": "words of the text", "kind": "pain", ...}: see docs/labels.md',
                )
            listed.append({"feedback_id": owner, **mention})
    names = ["feedback_id", "quote", "kind", "stage", "touchpoint", "theme", "severity"]
    return pd.DataFrame(listed, columns=names)


def _is_mention(given: object) -> bool:
    return (
        isinstance(given, dict)
        and isinstance(given.get("quote"), str)
        and given.get("kind") in ("pain", "win")
    )


def bag(text: str) -> Counter[str]:
    """Words of a text with their counts."""
    return Counter(re.findall(r"\w+", text.lower()))


def overlap(a: Counter[str], b: Counter[str]) -> float:
    """Shared words over the shorter of two bags, 0..1.

    >>> overlap(bag("the app crashes"), bag("app crashes daily on my phone"))
    0.6666666666666666
    """
    return (a & b).total() / max(1, min(a.total(), b.total()))


def label_segments(segments: pd.DataFrame, mentions: pd.DataFrame) -> pd.DataFrame:
    """Segments with the labels of the mention they carry; kind is none where they carry none."""
    by_owner = {owner: list(group.itertuples()) for owner, group in mentions.groupby("feedback_id")}
    bags = {m.Index: bag(m.quote) for group in by_owner.values() for m in group}
    rows = []
    for s in segments.itertuples():
        mine = bag(s.text)
        best, best_overlap = None, 0.0
        for m in by_owner.get(s.feedback_id, []):
            shared = overlap(mine, bags[m.Index])
            if shared > best_overlap:
                best, best_overlap = m, shared
        if best is None or best_overlap < LEAST_OVERLAP:
            rows.append(("none", None, None, None, None))
        else:
            rows.append((best.kind, best.stage, best.touchpoint, best.theme, best.severity))
    names = ["kind", "stage", "touchpoint", "theme", "severity"]
    return segments.assign(**pd.DataFrame(rows, columns=names, index=segments.index))


def surely_labelled(segments: pd.DataFrame, mentions: pd.DataFrame) -> pd.DataFrame:
    """Labelled segments without those of kind none in comments where the coders had to stop."""
    many = mentions.groupby("feedback_id").size()
    full = segments["feedback_id"].isin(many.index[many >= _MOST_MENTIONS])
    return segments[~(full & segments["kind"].eq("none"))]
