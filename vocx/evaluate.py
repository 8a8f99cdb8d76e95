"""A model scored on labelled feedback that did not train it.

Everything an analyst asks of a classifier before trusting it: by class, what is taken for what,
whether its probabilities mean what they say, what abstaining buys, and for whom it fails; each
figure with a bootstrap interval (Efron 1979), resampled over feedback.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import cohen_kappa_score

from vocx.confusion import Confusion, KindErrors
from vocx.errors import UserError
from vocx.journey import DEFAULT_JOURNEY, load_journey
from vocx.labelled import (
    LEAST_OVERLAP,
    Labelled,
    bag,
    label_segments,
    overlap,
    read_labels,
    surely_labelled,
)
from vocx.pipeline import Model, label_shard, load_model
from vocx.runs import counted_mentions
from vocx.schema import SENTIMENTS, STAGES
from vocx.stats import wilson
from vocx.themes import load_themes

_BINS = 10
_LEAST = 5  # true cases that a class needs to count in macro-F1, and rows that a slice needs
_RESAMPLES = 400
_LENGTHS = ((0, 60, "under 60 characters"), (60, 250, "60 to 249"), (250, 1 << 40, "250 and more"))
_COVERAGES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


def evaluate_model(model: str, labels: Path) -> dict[str, Any]:
    """Scores of a model, by name or folder, on a file of labelled feedback."""
    found = load_model(model)
    return score_model(found, read_labels(labels, columns=tuple(found.own_tasks)))


def score_model(model: Model, labelled: Labelled, seed: int = 0) -> dict[str, Any]:
    """Scores by task; of mentions too, where the labels have them.

    Returns
    -------
    model, n : its name, and how many feedback; tasks : task to what `score_labels` returns;
    mentions : pains and wins found, and the accuracy of their labels on matched spans.
    """
    gold = labelled.feedback[labelled.feedback["meaningful"]].reset_index(drop=True)
    given = [c for c in ("stage", "touchpoint", "sentiment", "emotion", *model.own_tasks)
             if c in gold]  # fmt: skip
    feedback, segments = label_shard(gold.drop(columns=given), model)
    tasks: dict[str, Any] = {}
    for task in ("stage", "touchpoint", "emotion", *model.own_tasks):
        if task not in gold or not gold[task].notna().any():
            continue
        known = gold[task].notna().to_numpy()
        own = task in model.own_tasks
        said = feedback.loc[known, f"x_{task}" if own else task].to_numpy(object)
        if own and model.several(task):
            tasks[task] = score_sets(gold.loc[known, task], said, seed)
            continue
        tasks[task] = score_labels(
            gold.loc[known, task].astype(str).to_numpy(object),
            said,
            feedback.loc[known, f"x_{task}_score" if own else f"{task}_score"].to_numpy(float),
            model.thresholds[f"feedback.{task}"],
            slices_of(gold[known]),
            seed,
        )
    if gold["sentiment"].notna().any():
        known = gold["sentiment"].notna().to_numpy()
        tasks["sentiment"] = _sentiment(gold[known], feedback[known], seed)
    coded = segments["feedback_id"].isin(gold.loc[gold["mentions_coded"], "feedback_id"])
    mentions = {} if labelled.mentions.empty else score_mentions(segments[coded], labelled.mentions)
    if not tasks and not mentions:
        raise UserError(
            "the labels hold none of stage, touchpoint, sentiment, emotion, mentions",
            "name the label columns so",
        )
    return {"model": model.name, "n": len(gold), "tasks": tasks, "mentions": mentions}


def slices_of(gold: pd.DataFrame) -> dict[str, np.ndarray]:
    """Columns that cut the rows: source, domain where the labels have it, length of the text."""
    length = gold["text"].str.len()
    names = [next(n for low, high, n in _LENGTHS if low <= x < high) for x in length]
    found = {"length": np.array(names, object)}
    for column in ("source", "domain"):
        if column in gold:
            found[column] = gold[column].astype(str).to_numpy(object)
    return found


def score_labels(
    truth: np.ndarray,
    said: np.ndarray,
    score: np.ndarray,
    threshold: float,
    slices: dict[str, np.ndarray] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Scores of one answer per row.

    Parameters
    ----------
    truth, said : (n,) labels; score : (n,) probability of the answer; threshold : below it unsure.
    slices : name to (n,) values; those with few rows are left out.

    Returns
    -------
    n, accuracy, macro_f1 (over classes with five true cases), coverage, selective_accuracy, ece;
    ``*_low``, ``*_high`` their 95 % bootstrap intervals; classes, confusion, calibration,
    risk_coverage, slices : tables as lists of rows.

    >>> s = score_labels(np.array(["a", "b"]), np.array(["a", "a"]), np.array([.9, .4]), .5)
    >>> s["accuracy"], s["coverage"], s["selective_accuracy"]
    (0.5, 0.5, 1.0)
    """
    right, sure = truth == said, score >= threshold
    labels = sorted({*truth, *said})
    index = {c: i for i, c in enumerate(labels)}
    pairs = np.array([index[t] * len(labels) + index[s] for t, s in zip(truth, said, strict=True)])
    counts = _confusion(pairs, len(labels))
    out: dict[str, Any] = {
        "n": len(truth),
        "accuracy": float(right.mean()),
        "macro_f1": macro_f1(counts),
        "coverage": float(sure.mean()),
        "selective_accuracy": float(right[sure].mean()) if sure.any() else 0.0,
        "ece": calibration_error(score, right),
    }
    out |= _intervals(pairs, len(labels), right, sure, score, seed)
    out["classes"] = by_class(counts, labels)
    out["confusion"] = [
        {"true": labels[i], "said": labels[j], "n": int(counts[i, j])}
        for i, j in zip(*np.nonzero(counts), strict=True)
    ]
    out["calibration"] = reliability(score, right)
    out["risk_coverage"] = risk_coverage(score, right)
    out["slices"] = _slices(truth, said, slices or {})
    return out


def _confusion(pairs: np.ndarray, k: int) -> np.ndarray:
    """(k, k) counts, true labels in rows."""
    return np.bincount(pairs, minlength=k * k).reshape(k, k)


def macro_f1(counts: np.ndarray, least: int = _LEAST) -> float:
    """Mean F1 over the classes with ``least`` true cases, of (k, k) counts with truth in rows.

    >>> macro_f1(np.array([[8, 2], [0, 10]]), least=1)
    0.898989898989899
    """
    f1 = _f1(counts)[counts.sum(axis=1) >= least]
    return float(f1.mean()) if len(f1) else 0.0


def _f1(counts: np.ndarray) -> np.ndarray:
    hits = np.diag(counts)
    return 2 * hits / np.maximum(counts.sum(axis=1) + counts.sum(axis=0), 1)


def by_class(counts: np.ndarray, labels: list[str]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and true cases of each class."""
    hits, true, said = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return [
        {"label": label, "n": int(true[i]), "precision": float(hits[i] / max(said[i], 1)),
         "recall": float(hits[i] / max(true[i], 1)), "f1": float(_f1(counts)[i])}
        for i, label in enumerate(labels)
    ]  # fmt: skip


def _intervals(
    pairs: np.ndarray, k: int, right: np.ndarray, sure: np.ndarray, score: np.ndarray, seed: int
) -> dict[str, float]:
    """95 % percentile intervals, by resampling rows."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {n: [] for n in
        ("accuracy", "macro_f1", "coverage", "selective_accuracy", "ece")}  # fmt: skip
    for _ in range(_RESAMPLES):
        rows = rng.integers(0, len(pairs), len(pairs))
        found["accuracy"].append(right[rows].mean())
        found["macro_f1"].append(macro_f1(_confusion(pairs[rows], k)))
        found["coverage"].append(sure[rows].mean())
        answered = right[rows][sure[rows]]
        found["selective_accuracy"].append(answered.mean() if len(answered) else 0.0)
        found["ece"].append(calibration_error(score[rows], right[rows]))
    out: dict[str, float] = {}
    for name, values in found.items():
        low, high = np.percentile(values, [2.5, 97.5])
        out |= {f"{name}_low": float(low), f"{name}_high": float(high)}
    return out


def calibration_error(score: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error over ten equal bins (Naeini et al. 2015).

    >>> calibration_error(np.array([0.75, 0.75]), np.array([True, False]))
    0.25
    """
    bins = np.clip((score * _BINS).astype(int), 0, _BINS - 1)
    n = np.maximum(np.bincount(bins, minlength=_BINS), 1)
    gaps = np.abs(np.bincount(bins, score, _BINS) - np.bincount(bins, right, _BINS)) / n
    return float((gaps * n).sum() / max(len(score), 1))


def reliability(score: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Of each tenth of the scores: how many rows, their mean score, and how many are right."""
    bins = np.clip((score * _BINS).astype(int), 0, _BINS - 1)
    return [
        {"low": b / _BINS, "high": (b + 1) / _BINS, "n": int((bins == b).sum()),
         "mean_score": float(score[bins == b].mean()), "accuracy": float(right[bins == b].mean())}
        for b in np.unique(bins)
    ]  # fmt: skip


def risk_coverage(score: np.ndarray, right: np.ndarray) -> list[dict[str, float]]:
    """Accuracy of the surest part of the rows, for parts of growing size (El-Yaniv 2010).

    >>> risk_coverage(np.array([.9, .8, .2, .1]), np.array([1, 1, 0, 0]))[0]
    {'coverage': 0.5, 'threshold': 0.8, 'accuracy': 1.0}
    """
    order = np.argsort(-score, kind="stable")
    rows = []
    for part in _COVERAGES:
        n = max(1, round(part * len(score)))
        rows.append({"coverage": part, "threshold": float(score[order[n - 1]]),
                     "accuracy": float(right[order[:n]].mean())})  # fmt: skip
    return rows


def _slices(
    truth: np.ndarray, said: np.ndarray, slices: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    """Accuracy within each slice, with its Wilson interval."""
    rows = []
    for name, values in slices.items():
        for value in sorted(set(values)):
            mine = values == value
            n, hits = int(mine.sum()), int((truth[mine] == said[mine]).sum())
            if n >= _LEAST:
                low, high = wilson(np.array(hits), n)
                rows.append({"by": name, "value": value, "n": n, "accuracy": hits / n,
                             "accuracy_low": float(low), "accuracy_high": float(high)})  # fmt: skip
    return rows


def score_sets(truth: pd.Series, said: np.ndarray, seed: int = 0) -> dict[str, Any]:
    """Scores of several labels a row, each a text joined by "; ": exact match, and macro-F1 over all.

    >>> s = score_sets(pd.Series(["a; b", "a"]), np.array(["a", "a"], object))
    >>> s["accuracy"], [c["f1"] for c in s["classes"]]
    (0.5, [1.0, 0.0])
    """
    wanted = [frozenset(split_labels(t)) for t in truth]
    given = [frozenset(split_labels(s)) for s in said]
    classes = []
    for label in sorted(frozenset().union(*wanted)):
        true = np.array([label in w for w in wanted])
        mine = np.array([label in g for g in given])
        hits = int((true & mine).sum())
        classes.append({"label": label, "n": int(true.sum()),
                        "precision": hits / max(int(mine.sum()), 1),
                        "recall": hits / max(int(true.sum()), 1),
                        "f1": 2 * hits / max(int(mine.sum() + true.sum()), 1)})  # fmt: skip
    exact = np.array([w == g for w, g in zip(wanted, given, strict=True)])
    return {"n": len(wanted), "accuracy": float(exact.mean()),
            "macro_f1": float(np.mean([c["f1"] for c in classes])), "classes": classes}  # fmt: skip


def split_labels(text: Any) -> list[str]:
    """Labels out of a cell that holds several.

    >>> split_labels("joy; love"), split_labels('["joy", "love"]'), split_labels(None)
    (['joy', 'love'], ['joy', 'love'], [])
    """
    if text is None or text != text:
        return []
    cleaned = str(text).strip()
    if cleaned.startswith("["):
        cleaned = cleaned.removeprefix("[").removesuffix("]").replace(",", ";")
    return [part for p in cleaned.split(";") if (part := p.strip().strip("\"'"))]


def _sentiment(gold: pd.DataFrame, feedback: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Negative, neutral or positive; `mixed` leans as its polarity does. Weighted kappa of five."""
    polarity = feedback["polarity"].to_numpy(float)
    step = np.array([SENTIMENTS.index(s) - 2 if s in SENTIMENTS else round(2 * p)
                     for s, p in zip(feedback["sentiment"], polarity, strict=True)])  # fmt: skip
    truth = gold["sentiment"].astype(float).to_numpy().astype(int)
    names = np.array(["negative", "neutral", "positive"], object)
    scores = score_labels(
        names[np.sign(truth) + 1], names[np.sign(step) + 1], np.abs(polarity), 0.0,
        slices_of(gold), seed,
    )  # fmt: skip
    for key in [k for k in scores if k.startswith("ece")] + ["calibration", "risk_coverage"]:
        del scores[key]  # a polarity is no probability
    return scores | {"weighted_kappa_5": kappa(truth, step)}


def count_confusion(model: Model, labelled: Labelled) -> Confusion:
    """What the matrix makes of each true stage and theme, counted on feedback whose mentions were coded."""
    gold = labelled.feedback
    gold = gold[gold["mentions_coded"] & gold["meaningful"]].reset_index(drop=True)
    labels = [c for c in ("stage", "touchpoint", "sentiment", "emotion") if c in gold]
    _, segments = label_shard(gold.drop(columns=labels), model)
    mentions = labelled.mentions[labelled.mentions["feedback_id"].isin(gold["feedback_id"])]
    columns = ["kind", "stage", "touchpoint", "theme", "severity"]
    true = label_segments(segments.drop(columns=columns), mentions)
    said = counted_mentions(
        segments.assign(issue_id=None), load_journey(DEFAULT_JOURNEY), model.thresholds
    )
    segments = segments.assign(**{f"true_{c}": true[c] for c in ("kind", "stage", "theme")})
    said = said[said["theme"].notna()].join(segments.filter(like="true_"))
    sure = surely_labelled(true, mentions).index
    return Confusion(len(gold), {
        kind: _errors_of(kind, mentions, said[said.index.isin(sure)], segments.loc[sure])
        for kind in ("pain", "win")
    })  # fmt: skip


def _errors_of(
    kind: str, mentions: pd.DataFrame, said: pd.DataFrame, segments: pd.DataFrame
) -> KindErrors:
    """Errors on one kind: each said cell is put to a true one that shares a segment, or is made up."""
    themes, stages = [t.id for t in load_themes().values() if t.kind == kind], list(STAGES)
    at, place = {t: i for i, t in enumerate(themes)}, {s: i for i, s in enumerate(stages)}
    coded = mentions[(mentions["kind"] == kind) & mentions["theme"].isin(at)]
    true = coded.drop_duplicates(["feedback_id", "stage", "theme"])["theme"].map(at)
    mine = said[(said["kind"] == kind) & said["theme"].isin(at)]
    cell = ["feedback_id", "stage", "theme"]
    told = mine[(mine["true_kind"] == kind) & mine["true_theme"].isin(at)]
    told = told.drop_duplicates(cell)
    keys = set(map(tuple, told[cell].to_numpy()))
    alone = mine[[tuple(k) not in keys for k in mine[cell].to_numpy()]]
    alone = alone.drop_duplicates(cell)  # of nothing, of another kind, or of what no theme holds
    counts = KindErrors(
        themes, stages, np.bincount(true, minlength=len(themes)).astype(float),
        np.zeros((len(themes),) * 2), np.zeros((len(themes), len(stages), len(stages))),
        np.zeros((len(stages), len(themes))), int((segments["true_kind"] != kind).sum()),
    )  # fmt: skip
    for row in told.itertuples():
        counts.said[at[row.true_theme], at[row.theme]] += 1
        counts.placed[at[row.theme], place[row.true_stage], place[row.stage]] += 1
    for row in alone.itertuples():
        counts.made_up[place[row.stage], at[row.theme]] += 1
    return counts


def kappa(truth: np.ndarray, said: np.ndarray) -> float:
    """Cohen's kappa with quadratic weights; 1 where both always say the same."""
    if len(set(truth) | set(said)) < 2:
        return 1.0
    return float(cohen_kappa_score(truth, said, weights="quadratic"))


def score_mentions(segments: pd.DataFrame, mentions: pd.DataFrame) -> dict[str, float]:
    """Pains and wins found, and how well matched ones are labelled.

    A segment matches a coder's quote where they share 0.6 of the words of the shorter one.

    Returns
    -------
    {pain,win}_{n,precision,recall,f1}; stage_accuracy, touchpoint_accuracy of matched mentions;
    {pain,win}_theme_accuracy, themes coded as `other` aside; severity_weighted_kappa of pains.
    """
    said = segments[segments["kind"].isin(["pain", "win"])]
    mine = {key: list(g.itertuples()) for key, g in said.groupby(["feedback_id", "kind"])}
    bags = {s.Index: bag(s.text) for group in mine.values() for s in group}
    quotes = {m.Index: bag(m.quote) for m in mentions.itertuples()}
    theirs = {key: list(g.index) for key, g in mentions.groupby(["feedback_id", "kind"])}
    matched: list[tuple[Any, Any]] = []
    for m in mentions.itertuples():
        near = [(overlap(quotes[m.Index], bags[s.Index]), -s.Index, s)
                for s in mine.get((m.feedback_id, m.kind), [])]  # fmt: skip
        best = max(near, default=(0.0, 0, None))
        if best[0] >= LEAST_OVERLAP:
            matched.append((m, best[2]))
    out: dict[str, float] = {}
    for kind in ("pain", "win"):
        n = int((mentions["kind"] == kind).sum())
        hits = sum(m.kind == kind for m, _ in matched)
        right = sum(
            any(overlap(quotes[q], bags[s.Index]) >= LEAST_OVERLAP for q in theirs.get(key, []))
            for key, group in mine.items() if key[1] == kind for s in group
        )  # fmt: skip
        precision = right / max(1, int((said["kind"] == kind).sum()))
        recall = hits / max(1, n)
        out |= {f"{kind}_n": n, f"{kind}_precision": precision, f"{kind}_recall": recall,
                f"{kind}_f1": 2 * precision * recall / max(1e-9, precision + recall)}  # fmt: skip
    for task in ("stage", "touchpoint"):
        hits_of = [getattr(m, task) == getattr(s, task) for m, s in matched]
        out[f"{task}_accuracy"] = float(np.mean(hits_of)) if hits_of else 0.0
    for kind in ("pain", "win"):
        told = [m.theme == s.theme for m, s in matched if m.kind == kind and m.theme != "other"]
        out[f"{kind}_theme_accuracy"] = float(np.mean(told)) if told else 0.0
    graded = [(int(m.severity), int(s.severity)) for m, s in matched
              if m.kind == "pain" and m.severity == m.severity and m.severity is not None]  # fmt: skip
    out["severity_weighted_kappa"] = kappa(*np.array(graded).T) if graded else 0.0
    return out
