"""A cascade of two models: how much doubt the small one may keep to itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vocx.config import CascadeConfig
from vocx.labelled import read_labels
from vocx.models import FORMAT, ModelFolder
from vocx.pipeline import FEEDBACK_HEADS, Judged, load_model, worth_asking
from vocx.train.lessons import Lessons, from_labelled, task_classes

_KIND = "segment.kind"


@dataclass(frozen=True)
class Choice:
    """A doubt, the share of feedback it hands on, and the share of the large model's scores kept."""

    doubt: float
    handed: float
    kept: float


def train_cascade(
    config: CascadeConfig, progress: Callable[[str], None]
) -> tuple[ModelFolder, Choice]:
    """A cascade's folder (not saved yet), its doubt chosen on labelled feedback."""
    first, then = load_model(config.first), load_model(config.then)
    lessons = from_labelled(read_labels(Path(config.evaluate)), task_classes())
    progress(f"{first.name} and {then.name} judge {len(lessons)} comments")
    judged = [
        m.judge(lessons.texts, lessons.sources, lessons.owner, lessons.spans) for m in (first, then)
    ]
    small, large = (_right(j, lessons) for j in judged)
    asking = worth_asking(judged[0], lessons.owner, lessons.texts)
    choice = choose_doubt(asking, small, large, config.keep)
    progress(f"hands on {choice.handed:.0%}, keeps {choice.kept:.1%} of {then.name}'s scores")
    settings = {"first": first.name, "then": then.name, "doubt": choice.doubt}
    return ModelFolder(config.name, {"format": FORMAT, "name": config.name, "cascade": settings},
                       {}, ""), choice  # fmt: skip


def _right(judged: Judged, lessons: Lessons) -> dict[str, np.ndarray]:
    """Task to (m,) whether each feedback is judged rightly; of kinds the share of its segments."""
    found = {}
    for task in FEEDBACK_HEADS:
        truth = lessons.feedback[task]
        hit = (judged.feedback[task].argmax(axis=1) == truth.argmax(axis=1)).astype(float)
        found[task] = np.where(truth.any(axis=1), hit, np.nan)
    truth = lessons.segments[_KIND]
    hit = judged.segments[_KIND].argmax(axis=1) == truth.argmax(axis=1)
    known = truth.any(axis=1)
    n = np.bincount(lessons.owner[known], minlength=len(lessons))
    hits = np.bincount(lessons.owner[known], hit[known], minlength=len(lessons))
    found[_KIND] = np.where(n > 0, hits / np.maximum(n, 1), np.nan)
    return found


def choose_doubt(
    doubt: np.ndarray, small: dict[str, np.ndarray], large: dict[str, np.ndarray], keep: float
) -> Choice:
    """The highest doubt at which ``keep`` of the large model's mean scores is kept.

    Parameters
    ----------
    doubt : (m,) of the small model, see `worth_asking`.
    small, large : task to (m,) whether each is right, null where there is no label.

    >>> right = {"a": np.array([1.0, 1.0, 0.0, 0.0])}
    >>> better = {"a": np.array([1.0, 1.0, 1.0, 0.0])}
    >>> choose_doubt(np.array([0.1, 0.2, 0.9, 0.4]), right, better, 1.0)
    Choice(doubt=0.4, handed=0.25, kept=1.0)
    """
    for threshold in [float("inf"), *sorted(set(doubt.tolist()), reverse=True), -1.0]:
        handed = doubt > threshold
        kept = np.mean([
            np.nanmean(np.where(handed, large[t], small[t])) / np.nanmean(large[t])
            for t in large
            if not np.isnan(large[t]).all()
        ])  # fmt: skip
        if kept >= keep:
            break
    limit = min(threshold, 1.0)
    return Choice(round(limit, 6), float(handed.mean()), round(float(kept), 4))
