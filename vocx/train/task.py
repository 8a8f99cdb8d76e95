"""One more head on a model that is there: a team's own labels, without training the encoder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from vocx.classify.heads import LinearHead, Rows
from vocx.confusion import load_confusion
from vocx.encode import NO_SEGMENTS, all_threads
from vocx.encode.ngrams import fit_idf, ngram_rows
from vocx.errors import UserError
from vocx.evaluate import split_labels
from vocx.labelled import FEEDBACK_TASKS, read_labels
from vocx.models import ModelFolder, load_folder
from vocx.pipeline import FEEDBACK_TASKS as HEADS
from vocx.pipeline import build_encoder
from vocx.train.calibrate import TARGETS, Calibration, calibrate, fit_knots
from vocx.train.card import render_card
from vocx.train.ngram_heads import SHARES, STRENGTH, NgramHead, best_share, fit_ngram_head
from vocx.turns import customer_words

_FOLDS = 5
_LEAST_PER_CLASS = 4
_LARGE = 20_000  # rows from which on one fold in five is held out, not each in turn
_STRENGTHS = (0.01, 0.1, 1.0)  # of logistic regression, tried by accuracy out of fold


@dataclass
class Fitted:
    """One head, and what it said of rows that did not train it.

    Attributes
    ----------
    head : calibrated; truth : (n,) labels, or (n, k) ones and zeros of several labels a row.
    probabilities : (n, k), out of fold; calibration : of them, or null with several labels a row.
    """

    head: LinearHead
    probabilities: np.ndarray
    truth: np.ndarray
    calibration: Calibration | None = None


def train_task(
    task: str, labels: Path, out: Path, base: str, progress: Callable[[str], None]
) -> Path:
    """A model like ``base`` with one feedback head trained on a team's labels; its folder.

    ``labels`` has a text column and one named as the task. A task that the model knows (stage,
    touchpoint, sentiment, emotion) keeps its labels, or any subset; any other name makes a new head
    with labels of its own, whose answers become the column ``x_TASK`` of a run. Cells that hold
    several labels ("late; rude", or a list) make a head that may give several. The encoder stays as
    it is: a head takes seconds, or a minute for some ten thousand comments.
    """
    known = task in FEEDBACK_TASKS
    labelled = read_labels(labels, columns=() if known else (task,))
    if task not in labelled.feedback or not labelled.feedback[task].notna().any():
        raise UserError(f"{labels}: there is no column '{task}'", f"name the label column '{task}'")
    rows = labelled.feedback[labelled.feedback[task].notna()].reset_index(drop=True)
    folder = load_folder(base)
    if "cascade" in folder.config:
        raise UserError(f"--base {base}: is a cascade of two models", "name one of the two")
    progress(f"reading {len(rows)} comments")
    words, encoder = customer_words(rows), build_encoder(folder)
    with all_threads(encoder):
        features, _ = encoder.encode(words, rows["source"].tolist(), *NO_SEGMENTS)
    idf = folder.tensors.get("feedback.idf")
    idf = fit_idf(words) if idf is None else idf
    ngrams = ngram_rows(words, idf)
    sets = [split_labels(v) for v in rows[task]] if not known else []
    progress(f"fitting {task}")
    if any(len(s) > 1 for s in sets):
        _check_sets(sets, labels)
        fitted = fit_several(features, ngrams, sets)
    else:
        y = rows[task].astype(int if task == "sentiment" else str).to_numpy()
        _check_counts(y, labels)
        fitted = fit_one(features, ngrams, y, TARGETS.get(task, 0.8))
    name = "polarity" if task == "sentiment" else task
    trained = _with_head(folder, f"feedback.{name}", fitted, idf, out.name)
    if task == "sentiment":
        knots = fit_knots(fitted.probabilities, fitted.truth)
        trained.config["polarity_knots"] = [round(float(k), 4) for k in knots]
    trained.save(out, render_card(trained, None, None))
    if folder.path and (errors := load_confusion(folder.path)):
        errors.save(out)  # of clauses, which are judged as before
    progress(_said(fitted))
    return out


def _check_counts(y: np.ndarray, labels: Path) -> None:
    names, counts = np.unique(y, return_counts=True)
    if len(names) < 2:
        raise UserError(
            f"{labels}: the labels hold one class only: {names.tolist()}",
            "label examples of other classes",
        )
    rare = int(counts.argmin())
    if counts[rare] < _LEAST_PER_CLASS:
        raise UserError(
            f"{labels}: label '{names[rare]}' has {counts[rare]} examples",
            f"give each label at least {_LEAST_PER_CLASS}, or leave it out",
        )


def _check_sets(sets: list[list[str]], labels: Path) -> None:
    """Each label needs rows with it and rows without it."""
    counts = Counter(label for s in sets for label in set(s))
    for label, n in sorted(counts.items()):
        if min(n, len(sets) - n) < _LEAST_PER_CLASS:
            raise UserError(
                f"{labels}: label '{label}' stands in {n} of {len(sets)} rows",
                f"give each label at least {_LEAST_PER_CLASS} rows with it and as many without",
            )


def _said(fitted: Fitted) -> str:
    found = fitted.calibration
    if found is None:
        said = fitted.probabilities >= fitted.head.threshold_
        hits = (said & (fitted.truth > 0)).sum(axis=0)
        f1 = 2 * hits / np.maximum(said.sum(axis=0) + fitted.truth.sum(axis=0), 1)
        return f"out of fold: macro-F1 {f1.mean():.3f} over {len(f1)} labels"
    return (
        f"out of fold: accuracy {found.accuracy:.3f}; sure of {found.coverage:.0%}, "
        f"and right in {found.selective_accuracy:.0%} of those"
    )


def fit_one(X: np.ndarray, ngrams: Rows, y: np.ndarray, target: float) -> Fitted:
    """A head of one label a row; strength, n-grams, temperature, threshold by out-of-fold answers.

    ``X`` are (n, d) features and ``ngrams`` (n, BINS) rows of the same (n,) labelled texts.
    """
    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X).astype(np.float32)
    large = len(X) > _LARGE
    classes, truth = np.unique(y, return_inverse=True)
    k, n_folds = len(classes), min(_FOLDS, np.bincount(truth).min())
    folds = list(StratifiedKFold(n_folds, shuffle=True, random_state=0).split(X, truth))
    folds = folds[: 1 if large else None]
    answers = {C: _out_of_fold(Z, truth, folds, C) for C in _STRENGTHS[: 2 if large else None]}
    seen = np.concatenate([test for _, test in folds])
    right = {C: (z[seen].argmax(axis=1) == truth[seen]).mean() for C, z in answers.items()}
    C = max(right, key=lambda c: (round(float(right[c]), 3), -c))
    beside = np.vstack([
        fit_ngram_head(ngrams[train], truth[train], k).logits(ngrams[test]) for train, test in folds
    ])  # fmt: skip
    share = best_share(answers[C][seen], beside, truth[seen])
    head = _folded(_regression(C).fit(Z, truth), scaler)
    head.classes_ = classes
    if share:
        _add(head, fit_ngram_head(ngrams, truth, k).times(share))
    logits = answers[C][seen] + share * beside
    found = calibrate(logits, truth[seen], target)
    head.temperature_, head.threshold_ = found.temperature, found.threshold
    return Fitted(head, softmax(logits / found.temperature, axis=1), y[seen], found)


def _out_of_fold(
    Z: np.ndarray, truth: np.ndarray, folds: list[tuple[np.ndarray, np.ndarray]], C: float
) -> np.ndarray:
    """(n, k) logits of heads that did not see the row; a class a fold lacks is never answered."""
    logits = np.full((len(truth), truth.max() + 1), -30.0, np.float32)
    for train, test in folds:
        head = _regression(C).fit(Z[train], truth[train])
        logits[np.ix_(test, head.classes_)] = head.decision_function(Z[test])
    return logits


def _add(head: LinearHead, beside: NgramHead) -> None:
    """Let a head read n-grams, too."""
    head.ngrams_, head.intercept_ = beside.coef, head.intercept_ + beside.intercept


def fit_several(X: np.ndarray, ngrams: Rows, sets: list[list[str]]) -> Fitted:
    """A head of several labels a row: one against the rest, each label's threshold by its best F1."""
    classes = np.array(sorted({label for s in sets for label in s}), object)
    truth = np.array([[label in s for label in classes] for s in sets], float)
    scaler = StandardScaler().fit(X)
    Z = scaler.transform(X).astype(np.float32)
    folds = list(KFold(_FOLDS, shuffle=True, random_state=0).split(X))
    folds = [f for f in folds if _both(truth[f[0]])][: 1 if len(X) > _LARGE else None]
    if not folds:
        raise UserError("some label is too rare to be held out", "give more rows of it")
    test = np.concatenate([rows for _, rows in folds])
    plain, beside = (
        np.vstack([
            _one_each(R[train], truth[train], C).decision_function(R[rows]) for train, rows in folds
        ])
        for R, C in ((Z, _STRENGTHS[0]), (ngrams, STRENGTH))
    )  # fmt: skip
    share = min(SHARES, key=lambda w: _cross_entropy(plain + w * beside, truth[test]))
    p = expit(plain + share * beside)
    head = _folded(_one_each(Z, truth, _STRENGTHS[0]), scaler)
    head.classes_ = classes
    if share:
        words = _one_each(ngrams, truth, STRENGTH)
        _add(head, NgramHead(words.coef_, words.intercept_).times(share))
    head.threshold_ = np.array([best_f1_threshold(p[:, j], truth[test, j])
                                for j in range(len(classes))])  # fmt: skip
    return Fitted(head, p, truth[test])


def _cross_entropy(logits: np.ndarray, truth: np.ndarray) -> float:
    """The mean over all cells of ones and zeros."""
    return float((np.logaddexp(0, logits) - truth * logits).mean())


def best_f1_threshold(score: np.ndarray, truth: np.ndarray) -> float:
    """The threshold at which scores agree best, by F1, with (n,) ones and zeros.

    >>> best_f1_threshold(np.array([.9, .6, .3]), np.array([1, 1, 0]))
    0.6
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    f1 = 2 * hits / (np.arange(1, len(score) + 1) + truth.sum())
    return float(score[order[int(np.argmax(f1))]])


def _both(truth: np.ndarray) -> bool:
    """Whether every column holds ones and zeros."""
    return bool((truth.any(axis=0) & ~truth.all(axis=0)).all())


def _one_each(rows: Rows, truth: np.ndarray, C: float) -> LinearHead:
    """One regression per column of ones and zeros, as one head."""
    models = [LogisticRegression(C=C, max_iter=300, tol=1e-3).fit(rows, c) for c in truth.T]
    head = LinearHead()
    head.coef_ = np.vstack([m.coef_ for m in models]).astype(np.float32).T
    head.intercept_ = np.concatenate([m.intercept_ for m in models]).astype(np.float32)
    return head


def _regression(C: float) -> LinearHead:
    return LinearHead(C=C, balance=0.0, max_iter=300)


def _folded(head: LinearHead, scaler: StandardScaler) -> LinearHead:
    """A head over plain features out of one over standardised features."""
    plain = LinearHead()
    scaled = head.coef_ / scaler.scale_[:, None]
    plain.coef_ = np.ascontiguousarray(scaled, np.float32)
    plain.intercept_ = (head.intercept_ - scaler.mean_ @ scaled).astype(np.float32)
    plain.temperature_, plain.threshold_ = 1.0, 0.0
    return plain


def _with_head(
    folder: ModelFolder, head: str, fitted: Fitted, idf: np.ndarray, name: str
) -> ModelFolder:
    """A copy of a model folder with one head replaced, or one more."""
    config = json.loads(json.dumps(folder.config))
    tensors = {n: t for n, t in folder.tensors.items() if n != f"{head}.ngrams"}
    matrices = {"coef": fitted.head.coef_}
    if fitted.head.ngrams_ is not None:
        matrices["ngrams"] = fitted.head.ngrams_
        tensors["feedback.idf"] = idf
    intercept = fitted.head.intercept_
    new: list[Any] = fitted.head.classes_.tolist()
    classes = new
    if head.removeprefix("feedback.") in HEADS:
        classes = config["heads"][head]["classes"]
        places = [classes.index(c) for c in new]
        for kind, given in matrices.items():
            matrices[kind] = np.zeros((len(given), len(classes)), np.float32)
            matrices[kind][:, places] = given
        low = np.full(len(classes), -12.0, np.float32)  # a class never seen is never answered
        low[places] = intercept
        intercept = low
    tensors |= {f"{head}.{kind}": m for kind, m in matrices.items()}
    tensors[f"{head}.intercept"] = intercept
    settings: dict[str, Any] = {"classes": classes}
    if fitted.calibration is None:
        thresholds = [round(float(t), 4) for t in fitted.head.threshold_]
        settings |= {"several": True, "temperature": 1.0, "threshold": thresholds}
    else:
        settings |= asdict(fitted.calibration)
    config["heads"][head] = settings
    config["name"] = name
    return ModelFolder(name, config, tensors, folder.tokenizer)
