"""A model scored on labelled feedback that did not train it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import f1_score

from vocx.errors import UserError
from vocx.labelled import Labelled, bag, overlap, read_labels
from vocx.pipeline import Model, label_shard, load_model
from vocx.schema import SENTIMENTS

_BINS = 10


def evaluate_model(model: str, labels: Path) -> dict[str, Any]:
    """Scores of a model, by name or folder, on a file of labelled feedback."""
    return score_model(load_model(model), read_labels(labels))


def score_model(model: Model, labelled: Labelled) -> dict[str, Any]:
    """Scores by task; of mentions too, where the labels have them.

    Returns
    -------
    n : feedback; tasks : task to n, accuracy, macro_f1, coverage, selective_accuracy, ece.
    Macro-F1 is over classes with five examples or more; coverage is at the model's threshold.
    """
    gold = labelled.feedback[labelled.feedback["meaningful"]].reset_index(drop=True)
    plain = gold.drop(columns=["stage", "touchpoint", "sentiment", "emotion"])
    feedback, segments = label_shard(plain, model)
    tasks: dict[str, dict[str, float]] = {}
    for task in ("stage", "touchpoint", "emotion"):
        known = gold[task].notna().to_numpy()
        if known.any():
            tasks[task] = single_label(
                gold.loc[known, task].astype(str).to_numpy(),
                feedback.loc[known, task].to_numpy(),
                feedback.loc[known, f"{task}_score"].to_numpy(float),
                model.thresholds[f"feedback.{task}"],
            )
    known = gold["sentiment"].notna().to_numpy()
    if known.any():
        truth = np.sign(gold.loc[known, "sentiment"].astype(float)).astype(int)
        tasks["sentiment"] = _sentiment(truth.to_numpy(), feedback.loc[known])
    if not labelled.mentions.empty:
        tasks |= score_mentions(segments, labelled.mentions)
    if not tasks:
        raise UserError(
            "the labels hold none of stage, touchpoint, sentiment, emotion, mentions",
            "name the label columns so",
        )
    return {"model": model.name, "n": len(gold), "tasks": tasks}


def single_label(
    truth: np.ndarray, said: np.ndarray, score: np.ndarray, threshold: float
) -> dict[str, float]:
    """Scores of one answer per row.

    >>> s = single_label(np.array(["a", "b"]), np.array(["a", "a"]), np.array([.9, .4]), .5)
    >>> s["accuracy"], s["coverage"], s["selective_accuracy"]
    (0.5, 0.5, 1.0)
    """
    right, sure = truth == said, score >= threshold
    counts = pd.Series(truth).value_counts()
    classes = sorted(counts.index[counts >= 5])
    macro = (
        f1_score(truth, said, labels=classes, average="macro", zero_division=0) if classes else 0.0
    )
    return {
        "n": len(truth),
        "accuracy": float(right.mean()),
        "macro_f1": float(macro),
        "coverage": float(sure.mean()),
        "selective_accuracy": float(right[sure].mean()) if sure.any() else 0.0,
        "ece": calibration_error(score, right),
    }


def calibration_error(score: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over ten equal bins (Naeini et al. 2015).

    >>> calibration_error(np.array([0.75, 0.75]), np.array([True, False]))
    0.25
    """
    bins = np.clip((score * _BINS).astype(int), 0, _BINS - 1)
    gaps = [
        abs(score[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
        for b in np.unique(bins)
    ]
    return float(sum(gaps))


def _sentiment(truth: np.ndarray, feedback: pd.DataFrame) -> dict[str, float]:
    """Negative, neutral or positive; `mixed` leans as its polarity does."""
    polarity = feedback["polarity"].to_numpy(float)
    step = np.array([SENTIMENTS.index(s) - 2 if s in SENTIMENTS else round(2 * p)
                     for s, p in zip(feedback["sentiment"], polarity, strict=True)])  # fmt: skip
    scores = single_label(truth.astype(str), np.sign(step).astype(str), np.abs(polarity), 0.0)
    return scores | {"ece": float("nan")}


def score_mentions(segments: pd.DataFrame, mentions: pd.DataFrame) -> dict[str, dict[str, float]]:
    """F1 of pains and wins found, and the accuracy of their themes, on matched spans.

    A span matches where 0.6 of the words of the shorter one are shared.
    """
    out = {}
    for kind in ("pain", "win"):
        said = segments[segments["kind"] == kind]
        gold = mentions[mentions["kind"] == kind]
        theirs = {
            f: [(m.theme, bag(m.quote)) for m in g.itertuples()]
            for f, g in gold.groupby("feedback_id")
        }
        mine = {
            f: [(s.theme, bag(s.text)) for s in g.itertuples()]
            for f, g in said.groupby("feedback_id")
        }
        hits = [
            max((overlap(b, w), t) for t, w in mine.get(f, [(None, bag(""))]))
            for f, g in theirs.items()
            for _, b in g
        ]
        wanted = [t for g in theirs.values() for t, _ in g]
        right = sum(
            any(overlap(b, w) >= 0.6 for _, w in theirs.get(f, []))
            for f, g in mine.items()
            for _, b in g
        )
        found = sum(h[0] >= 0.6 for h in hits)
        precision, recall = right / max(1, len(said)), found / max(1, len(gold))
        f1 = 2 * precision * recall / max(1e-9, precision + recall)
        themed = [
            h[1] == w for h, w in zip(hits, wanted, strict=True) if h[0] >= 0.6 and w != "other"
        ]
        out[f"{kind}s found (F1)"] = _row(len(gold), f1)
        out[f"{kind} theme"] = _row(len(themed), float(np.mean(themed)) if themed else 0.0)
    return out


def _row(n: int, value: float) -> dict[str, float]:
    nan = float("nan")
    return {
        "n": n,
        "accuracy": value,
        "macro_f1": nan,
        "coverage": nan,
        "selective_accuracy": nan,
        "ece": nan,
    }
