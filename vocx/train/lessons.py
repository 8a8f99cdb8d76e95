"""Lessons for the teacher out of labelled feedback, and what it says of unlabelled comments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from vocx.config import Pack, TeacherConfig
from vocx.labelled import Labelled, held_out, label_segments, surely_labelled, text_digest
from vocx.schema import EMOTIONS, KINDS, STAGES, TOUCHPOINTS
from vocx.segment import customer_words, segment
from vocx.train.teacher import Lessons, Teacher

_FEEDBACK = {
    "stage": "stage",
    "touchpoint": "touchpoint",
    "polarity": "sentiment",
    "emotion": "emotion",
}
_FEEDBACK_WEIGHT, _PACK_WEIGHT = 1.5, 0.3
_PACK_ROWS = 5000


@dataclass
class SoftLabels:
    """Unlabelled comments with the teacher's probabilities.

    Attributes
    ----------
    texts, sources : (m,) comments; segments : (n,) words; owner : (n,) index of the comment.
    of_feedback, of_segments : task to (m, k) and (n, k) probabilities; classes : task to labels.
    feedback_rows, segment_rows : features, made when first asked for.
    """

    texts: list[str]
    sources: list[str]
    segments: list[str]
    owner: np.ndarray
    of_feedback: dict[str, np.ndarray]
    of_segments: dict[str, np.ndarray]
    classes: dict[str, list[Any]]
    feedback_rows: sparse.csr_matrix | None = None
    segment_rows: sparse.csr_matrix | None = None


def task_classes(labelled: Labelled) -> dict[str, list[Any]]:
    """Every task with its labels; themes are those that occur."""
    classes: dict[str, list[Any]] = {
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
        mine = labelled.mentions.loc[labelled.mentions["kind"] == kind, "theme"].dropna()
        classes[f"segment.{kind}_theme"] = sorted(set(mine) - {"other"})
    return classes


def make_lessons(labelled: Labelled, packs: pd.DataFrame, classes: dict[str, list[Any]]) -> Lessons:
    """Comments, their segments, and rated comments of packs, each labelled for what it is."""
    feedback = labelled.feedback
    words, sources = customer_words(feedback), feedback["source"].tolist()
    segments = label_segments(segment(feedback), labelled.mentions)
    segments = surely_labelled(segments, labelled.mentions)
    row_of = {f: i for i, f in enumerate(feedback["feedback_id"])}
    owner = segments["feedback_id"].map(row_of).to_numpy(int)
    blank_feedback = np.full(len(feedback), -1)
    blank_segments, blank_packs = np.full(len(segments), -1), np.full(len(packs), -1)
    labels = {}
    for task, column in _FEEDBACK.items():
        name = f"feedback.{task}"
        rated = _index(packs["step"], classes[name]) if task == "polarity" else blank_packs
        labels[name] = np.concatenate(
            [_index(feedback[column], classes[name]), blank_segments, rated]
        )
    of_segments = {t: segments[t] for t in ("kind", "stage", "touchpoint", "severity")}
    for kind in ("pain", "win"):
        of_segments[f"{kind}_theme"] = segments["theme"].where(segments["kind"].eq(kind), None)
    for task, values in of_segments.items():
        name = f"segment.{task}"
        labels[name] = np.concatenate([blank_feedback, _index(values, classes[name]), blank_packs])
    return Lessons(
        texts=words + segments["text"].tolist() + packs["text"].tolist(),
        contexts=[None] * len(words) + [words[i] for i in owner] + [None] * len(packs),
        sources=sources + [sources[i] for i in owner] + [None] * len(packs),
        labels=labels,
        weights=np.concatenate(
            [
                np.full(len(words), _FEEDBACK_WEIGHT),
                np.ones(len(segments)),
                np.full(len(packs), _PACK_WEIGHT),
            ]
        ),
    )


def _index(values: pd.Series, classes: list[Any]) -> np.ndarray:
    """(n,) indices of values among classes; -1 for what is not there."""
    index = {c: i for i, c in enumerate(classes)}
    return np.array([index.get(v, -1) if v == v else -1 for v in values], dtype=int)


def soft_labels(
    config: TeacherConfig,
    folder: Path,
    labelled: Labelled,
    packs: pd.DataFrame,
    holdout: Path | None,
    seed: int,
    progress: Callable[[str], None],
) -> SoftLabels:
    """Fine-tune a teacher on the labelled feedback and let it label the unlabelled packs."""
    classes = task_classes(labelled)
    rated = packs.sample(min(len(packs), _PACK_ROWS), random_state=seed)
    teacher = Teacher(folder, classes, seed)
    teacher.fit(make_lessons(labelled, rated, classes), config.epochs, progress)
    return label_packs(teacher, config, labelled, holdout, seed, progress)


def label_packs(
    teacher: Teacher,
    config: TeacherConfig,
    labelled: Labelled,
    holdout: Path | None,
    seed: int,
    progress: Callable[[str], None],
) -> SoftLabels:
    """What a teacher says of unlabelled comments and of a sample of their segments."""
    held = held_out(holdout) | {text_digest(t) for t in labelled.feedback["text"]}
    comments = pd.concat(
        [read_comments(pack, held, seed) for pack in config.packs.values()], ignore_index=True
    )
    comments = comments.drop_duplicates("text").reset_index(drop=True)
    texts, sources = comments["text"].tolist(), comments["source"].tolist()
    progress(f"teacher labels {len(texts)} comments")
    of_feedback = teacher.predict_proba(
        _unlabelled(texts, [None] * len(texts), sources),
        [t for t in teacher.classes if t.startswith("feedback.")],
    )
    frame = pd.DataFrame({"feedback_id": comments.index.astype(str), "text": texts,
                          "turns": None, "meaningful": True})  # fmt: skip
    pieces = segment(frame)
    pieces = pieces.sample(min(len(pieces), config.segments), random_state=seed).sort_index()
    owner = pieces["feedback_id"].astype(int).to_numpy()
    words = pieces["text"].tolist()
    progress(f"teacher labels {len(words)} segments")
    rows = _unlabelled(words, [texts[i] for i in owner], [sources[i] for i in owner])
    of_segments = teacher.predict_proba(
        rows, [t for t in teacher.classes if t.startswith("segment.")]
    )
    return SoftLabels(texts, sources, words, owner, of_feedback, of_segments, teacher.classes)


def read_comments(pack: Pack, held: set[str], seed: int) -> pd.DataFrame:
    """(text, source) of a pack: its comments, or its conversations' customer turns joined."""
    frame = pd.read_parquet(pack.path)
    if "speaker" in frame:
        frame = frame[frame["speaker"].isin(["user", "customer"])]
    thread = next((c for c in ("conversation_id", "dialogue_id") if c in frame), None)
    if thread:
        texts = frame.groupby(thread, sort=True)["text"].agg(lambda t: "\n".join(t.astype(str)))
    else:
        texts = frame["text"].dropna().astype(str)
    texts = texts[texts.str.len().between(8, 4000)].drop_duplicates()
    texts = texts[[text_digest(t) not in held for t in texts]]
    texts = texts.sample(min(len(texts), pack.rows), random_state=seed)
    return pd.DataFrame({"text": texts.tolist(), "source": pack.source})


def _unlabelled(texts: list[str], contexts: Any, sources: list[str]) -> Lessons:
    return Lessons(texts, list(contexts), list(sources), {}, np.ones(len(texts)))
