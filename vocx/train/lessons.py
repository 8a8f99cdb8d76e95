"""Lessons: rows to learn from, each with what it is labelled for and nothing else.

A row teaches only what it is labelled for (masked losses): a coder's comment every feedback task,
a rated review the polarity alone, a clause the labels of its mention. Hard labels and a teacher's
probabilities are the same thing here: a distribution over the classes of a task.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from vocx.labelled import Labelled, label_segments, surely_labelled, text_digest
from vocx.schema import EMOTIONS, KINDS, STAGES, TOUCHPOINTS
from vocx.segment import segment, spans_in_words
from vocx.themes import load_themes
from vocx.turns import customer_words

FEEDBACK_COLUMNS = {
    "feedback.stage": "stage",
    "feedback.touchpoint": "touchpoint",
    "feedback.polarity": "sentiment",
    "feedback.emotion": "emotion",
}
Classes = dict[str, list[Any]]
_ENDS = 0.4  # the chance that a passage ends after a segment


@dataclass
class Lessons:
    """Comments with their segments and labels.

    Attributes
    ----------
    texts : (m,) customers' words; sources : (m,) kind of source, or null.
    owner : (n,) index of each segment's comment; spans : (n, 2) its characters in the text.
    feedback, segments : task to (m, k) and (n, k) distributions over the task's classes; a row of
        zeros is not labelled for the task, and a task that is absent is labelled nowhere.
    weights, segment_weights : (m,) and (n,) of the rows' losses.
    digests : (m,) of the texts as they were given (see `text_digest`).
    """

    texts: list[str]
    sources: list[str | None]
    owner: np.ndarray
    spans: np.ndarray
    feedback: dict[str, np.ndarray] = field(default_factory=dict)
    segments: dict[str, np.ndarray] = field(default_factory=dict)
    weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    segment_weights: np.ndarray = field(default_factory=lambda: np.zeros(0))
    digests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.texts):
            self.weights = np.ones(len(self.texts), np.float32)
        if len(self.segment_weights) != len(self.owner):
            self.segment_weights = np.ones(len(self.owner), np.float32)
        if len(self.digests) != len(self.texts):
            self.digests = [text_digest(t) for t in self.texts]

    def __len__(self) -> int:
        return len(self.texts)

    def clauses(self) -> list[str]:
        """(n,) the words of each segment."""
        return [self.texts[o][a:b] for o, (a, b) in zip(self.owner, self.spans, strict=True)]

    def of(self, task: str) -> np.ndarray:
        """(m, k) or (n, k) labels of one task."""
        return (self.segments if task.startswith("segment.") else self.feedback)[task]

    def take(self, rows: np.ndarray) -> Lessons:
        """The lessons of some comments, in the order given."""
        place = np.full(len(self), -1)
        place[rows] = np.arange(len(rows))
        order = np.argsort(place[self.owner], kind="stable")
        mine = order[place[self.owner[order]] >= 0]
        return Lessons(
            [self.texts[i] for i in rows],
            [self.sources[i] for i in rows],
            place[self.owner[mine]],
            self.spans[mine],
            {t: y[rows] for t, y in self.feedback.items()},
            {t: y[mine] for t, y in self.segments.items()},
            self.weights[rows],
            self.segment_weights[mine],
            [self.digests[i] for i in rows],
        )


def joined(parts: list[Lessons]) -> Lessons:
    """All lessons one after another; what a part is not labelled for stays so."""
    offsets = np.cumsum([0, *(len(p) for p in parts)])
    return Lessons(
        [t for p in parts for t in p.texts],
        [s for p in parts for s in p.sources],
        np.concatenate([p.owner + o for p, o in zip(parts, offsets, strict=False)]).astype(int),
        np.concatenate([p.spans.reshape(-1, 2) for p in parts]).astype(int),
        _stacked([(p.feedback, len(p)) for p in parts]),
        _stacked([(p.segments, len(p.owner)) for p in parts]),
        np.concatenate([p.weights for p in parts]),
        np.concatenate([p.segment_weights for p in parts]),
        [d for p in parts for d in p.digests],
    )


def _stacked(parts: list[tuple[dict[str, np.ndarray], int]]) -> dict[str, np.ndarray]:
    widths = {t: y.shape[1] for labels, _ in parts for t, y in labels.items()}
    return {
        task: np.concatenate(
            [labels.get(task, np.zeros((n, k), np.float16)) for labels, n in parts]
        ).astype(np.float16)
        for task, k in widths.items()
    }


def task_classes() -> Classes:
    """Every task of a model that ships, with its labels."""
    themes = load_themes()
    classes: Classes = {
        "feedback.stage": list(STAGES),
        "feedback.touchpoint": list(TOUCHPOINTS),
        "feedback.polarity": [-2, -1, 0, 1, 2],
        "feedback.emotion": list(EMOTIONS),
        "segment.kind": list(KINDS),
        "segment.stage": list(STAGES),
        "segment.touchpoint": list(TOUCHPOINTS),
        "segment.severity": [1, 2, 3],
    }
    for kind in ("pain", "win"):
        classes[f"segment.{kind}_theme"] = sorted(t.id for t in themes.values() if t.kind == kind)
    classes["segment.polarity"] = classes["feedback.polarity"]
    classes["segment.emotion"] = classes["feedback.emotion"]
    return classes


def one_hot(values: pd.Series, classes: list[Any]) -> np.ndarray:
    """(n,) labels to (n, k); a label that is null or no class is a row of zeros.

    >>> one_hot(pd.Series(["b", None, "z"]), ["a", "b"]).tolist()
    [[0.0, 1.0], [0.0, 0.0], [0.0, 0.0]]
    """
    index = {c: i for i, c in enumerate(classes)}
    out = np.zeros((len(values), len(classes)), np.float16)
    for row, value in enumerate(values):
        if pd.notna(value) and value in index:
            out[row, index[value]] = 1
    return out


def _votes(feedback: pd.DataFrame, column: str, classes: list[Any]) -> np.ndarray:
    """(m, k) labels of a column; where a second coder said something else, half to each."""
    said = one_hot(feedback[column], classes)
    if f"{column}_second" not in feedback:
        return said
    second = one_hot(feedback[f"{column}_second"], classes)
    both = said.any(axis=1, keepdims=True) & second.any(axis=1, keepdims=True)
    return np.where(both, (said + second) / 2, said + second).astype(np.float16)


def cut(texts: list[str]) -> pd.DataFrame:
    """Segments of plain texts: owner (index of the text), start, end, text."""
    frame = pd.DataFrame({"feedback_id": [str(i) for i in range(len(texts))], "text": texts,
                          "turns": None, "meaningful": True})  # fmt: skip
    pieces = segment(frame)
    return pieces.assign(owner=pieces["feedback_id"].astype(int))[["owner", "start", "end", "text"]]


def unlabelled(texts: list[str], sources: list[str | None]) -> Lessons:
    """Plain texts with their segments, labelled for nothing."""
    pieces = cut(texts)
    return Lessons(texts, sources, pieces["owner"].to_numpy(int),
                   pieces[["start", "end"]].to_numpy(int))  # fmt: skip


def passages(lessons: Lessons, seed: int = 0) -> Iterator[tuple[str, str | None]]:
    """Different runs of neighbouring segments out of comments, each with its source, in random order.

    Each is shorter than its comment, and for a teacher to label as it stands: a small model that learns
    those too learns less by heart (Tang et al. 2019, who draw n-grams).
    """
    rng = np.random.default_rng(seed)
    order = np.lexsort((lessons.spans[:, 0], lessons.owner))
    owner, spans = lessons.owner[order], lessons.spans[order]
    first, end = np.searchsorted(owner, owner), np.searchsorted(owner, owner, side="right")
    begins = rng.permutation(np.flatnonzero(end - first > 1))
    lasts = np.minimum(begins + rng.geometric(_ENDS, len(begins)), end[begins]) - 1
    lasts -= (begins == first[begins]) & (lasts == end[begins] - 1)  # never the whole
    given = set()
    for begin, last in zip(begins, lasts, strict=True):
        comment = owner[begin]
        words = lessons.texts[comment][spans[begin, 0] : spans[last, 1]].strip(" ,;")
        if words not in given:
            given.add(words)
            yield words, lessons.sources[comment]


def from_labelled(labelled: Labelled, classes: Classes) -> Lessons:
    """Coders' labels of comments and of their mentions.

    Where two coders labelled a comment and differ, each has half a vote. In a comment with as many
    mentions as coders may give, a segment without one is labelled for nothing, not as `none`; so are
    all where nobody looked for mentions. Coders gave no polarity and emotion of mentions: where all
    mentions of a comment are of one kind, they take the comment's, by its first coder.
    """
    feedback = labelled.feedback
    pieces = label_segments(segment(feedback), labelled.mentions)
    row_of = {f: i for i, f in enumerate(feedback["feedback_id"])}
    coded = pieces["feedback_id"].map(feedback.set_index("feedback_id")["mentions_coded"])
    known = coded & pieces.index.isin(surely_labelled(pieces, labelled.mentions).index)
    columns = {
        "segment.kind": pieces["kind"].where(known, None),
        "segment.stage": pieces["stage"],
        "segment.touchpoint": pieces["touchpoint"],
        "segment.severity": pieces["severity"],
    }
    for kind in ("pain", "win"):
        columns[f"segment.{kind}_theme"] = pieces["theme"].where(pieces["kind"].eq(kind), None)
    kinds = labelled.mentions.groupby("feedback_id")["kind"].nunique()
    alike = pieces["kind"].ne("none") & pieces["feedback_id"].map(kinds).eq(1)
    of_feedback = feedback.set_index("feedback_id")
    for task, column in (("polarity", "sentiment"), ("emotion", "emotion")):
        whole = pieces["feedback_id"].map(of_feedback[column])
        columns[f"segment.{task}"] = whole.where(alike, None)
    return Lessons(
        customer_words(feedback),
        feedback["source"].tolist(),
        pieces["feedback_id"].map(row_of).to_numpy(int),
        spans_in_words(feedback, pieces),
        {t: _votes(feedback, c, classes[t]) for t, c in FEEDBACK_COLUMNS.items()},
        {t: one_hot(c, classes[t]) for t, c in columns.items()},
        digests=feedback["digest"].tolist() if "digest" in feedback else [],
    )
