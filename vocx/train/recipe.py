"""The training recipe: labelled feedback to calibrated heads over a distilled encoder."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from scipy import sparse
from scipy.special import softmax
from sklearn.model_selection import GroupKFold
from tokenizers import Tokenizer

from vocx.classify.heads import LinearHead, fit_temperature, fit_threshold
from vocx.classify.labels import POLARITY_VALUES
from vocx.config import TrainConfig
from vocx.encode import FeatureEncoder, HashedNgrams, StaticEncoder
from vocx.errors import UserError
from vocx.labelled import (
    Labelled,
    held_out,
    label_segments,
    read_labels,
    surely_labelled,
    text_digest,
)
from vocx.models import FORMAT, ModelFolder
from vocx.pipeline import CONTEXT_TASKS
from vocx.segment import customer_words, segment
from vocx.train.distil import encoder_folder, reduce, token_embeddings
from vocx.train.lessons import SoftLabels, soft_labels

log = logging.getLogger(__name__)

Rows = tuple[sparse.csr_matrix, np.ndarray, np.ndarray]  # features, labels, weights

_FOLDS = 3
_PACK_WEIGHT = 0.05  # of a rated review, beside a comment that coders labelled
_SOFT_FEEDBACK, _SOFT_SEGMENT = 0.1, 0.25  # weight of what the teacher labelled
_SOFT_LABELS = 2  # of the teacher's answers that are kept, each with its probability
_QUOTE_WEIGHT = 0.5  # of a coder's exact quote, beside the segment that carries it
_LEAST_ANSWERED = 0.5
_TARGETS = {"stage": 0.8, "touchpoint": 0.75, "emotion": 0.7, "polarity": 0.7, "theme": 0.6}
_CONTEXT_ROWS = {"stage": "stage", "touchpoint": "touchpoint", "polarity": "sentiment",
                 "emotion": "emotion"}  # fmt: skip


@dataclass
class Fitted:
    """One head, and what it said of rows that did not train it."""

    head: LinearHead
    probabilities: np.ndarray  # (n, k), out of fold, calibrated
    truth: np.ndarray  # (n,)


@dataclass
class Training:
    """Rows shared by all heads of one training run."""

    encoder: FeatureEncoder
    labelled: Labelled
    seed: int = 0
    regularisation: dict[str, float] = field(default_factory=dict)
    packs: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"text": [], "step": []}))
    soft: SoftLabels | None = None
    progress: Callable[[str], None] = log.info

    def strength(self, task: str) -> float:
        """The head's C: as the recipe says, or 6."""
        return self.regularisation.get(task, 6.0)


def train_model(config: TrainConfig, progress: Callable[[str], None] = log.info) -> ModelFolder:
    """A model folder (not saved yet) by a recipe. Same rows, recipe and seed: the same weights."""
    holdout = Path(config.holdout) if config.holdout else None
    progress("reading labelled feedback")
    labelled = read_labels(Path(config.labels), config.exclude_licences, holdout)
    packs = read_packs({k: Path(v) for k, v in config.packs.items()}, holdout, config.seed)
    folder = encoder_folder(config.encoder)
    tokenizer_text = (folder / "tokenizer.json").read_text(encoding="utf-8")
    progress("distilling token vectors")
    encoder = distilled_encoder(folder, tokenizer_text, labelled, packs, config)
    soft = None
    if config.teacher is not None:
        soft = soft_labels(config.teacher, folder, labelled, packs, holdout, config.seed, progress)
    training = Training(
        encoder, labelled, config.seed, config.regularisation, packs, soft, progress
    )
    heads, knots = fit_heads(training)
    return to_folder(config.name, encoder, tokenizer_text, heads, knots, labelled)


def distilled_encoder(
    folder: Path, tokenizer_text: str, labelled: Labelled, packs: pd.DataFrame, config: TrainConfig
) -> FeatureEncoder:
    """Static vectors out of the transformer in ``folder``, and n-grams with their idf."""
    texts = customer_words(labelled.feedback)
    tokenizer = Tokenizer.from_str(tokenizer_text)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    embeddings = token_embeddings(folder)
    counts = np.zeros(len(embeddings))
    for found in tokenizer.encode_batch(texts + packs["text"].tolist(), add_special_tokens=False):
        np.add.at(counts, found.ids, 1)
    vectors = reduce(embeddings, counts, config.dimensions)
    ngrams = HashedNgrams(config.word_bins, config.char_bins).fit_idf(texts)
    return FeatureEncoder(StaticEncoder(tokenizer, vectors), ngrams)


def fit_heads(training: Training) -> tuple[dict[str, Fitted], np.ndarray]:
    """All heads by name, and the knots of the polarity scale."""
    feedback = training.labelled.feedback
    words, sources = customer_words(feedback), feedback["source"].tolist()
    features = training.encoder.feedback(words, sources)
    groups = np.arange(len(feedback))
    heads: dict[str, Fitted] = {}
    for task in CONTEXT_TASKS:
        training.progress(f"fitting feedback.{task}")
        labels = feedback[_CONTEXT_ROWS[task]]
        labels = labels.astype(int) if task == "polarity" else labels.astype(str)
        extra = _joined(
            _soft_feedback(training, f"feedback.{task}"),
            _pack_rows(training) if task == "polarity" else None,
        )
        heads[f"feedback.{task}"] = fit_calibrated(
            features, labels.to_numpy(), groups, training.strength(task), _TARGETS[task], extra
        )
    knots = fit_knots(heads["feedback.polarity"])
    context = np.hstack([heads[f"feedback.{t}"].probabilities for t in CONTEXT_TASKS])
    heads |= _fit_segment_heads(training, words, sources, context.astype(np.float32))
    return heads, knots


def _fit_segment_heads(
    training: Training, words: list[str], sources: list[str], context: np.ndarray
) -> dict[str, Fitted]:
    """Heads over segments, which see their feedback's labels as a model that did not know it."""
    feedback, mentions = training.labelled.feedback, training.labelled.mentions
    segments = surely_labelled(label_segments(segment(feedback), mentions), mentions)
    quotes = mentions.rename(columns={"quote": "text"})
    rows = pd.concat([segments.assign(w=1.0), quotes.assign(w=_QUOTE_WEIGHT)])
    rows = rows.reset_index(drop=True)
    row_of = {f: i for i, f in enumerate(feedback["feedback_id"])}
    owner = rows["feedback_id"].map(row_of).to_numpy(int)
    vectors = training.encoder.static.encode(words)
    X = training.encoder.segments(rows["text"].tolist(), owner, vectors, context, sources)
    is_segment = rows["w"].eq(1.0).to_numpy()
    weight = rows["w"].to_numpy(float)
    mention = rows["kind"].ne("none").to_numpy()
    themed = rows["theme"].notna() & rows["theme"].ne("other")
    uses: dict[str, tuple[np.ndarray, str, float]] = {
        "kind": (is_segment, "kind", 0.75),
        "stage": (mention, "stage", _TARGETS["stage"]),
        "touchpoint": (mention, "touchpoint", _TARGETS["touchpoint"]),
        "severity": (rows["kind"].eq("pain").to_numpy(), "severity", 0.0),
    }
    for kind in ("pain", "win"):
        chosen = (themed & rows["kind"].eq(kind)).to_numpy()
        uses[f"{kind}_theme"] = (chosen, "theme", _TARGETS["theme"])
    heads = {}
    for name, (chosen, column, target) in uses.items():
        training.progress(f"fitting segment.{name}")
        labels = rows.loc[chosen, column]
        labels = labels.astype(int) if name == "severity" else labels.astype(str)
        heads[f"segment.{name}"] = fit_calibrated(
            X[chosen],
            labels.to_numpy(),
            owner[chosen],
            training.strength(name),
            target,
            _soft_segments(training, f"segment.{name}"),
            weight[chosen],
            mean=False,
        )
    heads["segment.kind"].head.threshold_ = fit_mention_threshold(heads["segment.kind"])
    return heads


def fit_calibrated(
    X: sparse.csr_matrix,
    y: np.ndarray,
    groups: np.ndarray,
    C: float,
    target: float,
    extra: Rows | None = None,
    weight: np.ndarray | None = None,
    mean: bool = True,
) -> Fitted:
    """A head fitted to all rows, its temperature and threshold to out-of-fold predictions.

    Parameters
    ----------
    groups : (n,) rows of one group never stand on both sides of a fold.
    extra : rows, labels and weights that help to train but calibrate nothing.
    mean : how they help, see `_fit_head`.
    target : accuracy that answers above the threshold shall have.
    """
    weight = np.ones(len(y)) if weight is None else weight
    classes = np.unique(y)
    if len(classes) < 2:
        raise UserError(
            f"the labels hold one class only: {classes.tolist()}", "label examples of other classes"
        )

    folds = list(GroupKFold(_FOLDS).split(X, y, groups))
    parts = [np.arange(len(y)), *(train for train, _ in folds)]
    head, *partial = joblib.Parallel(n_jobs=-1)(
        joblib.delayed(_fit_head)((X[p], y[p], weight[p]), extra, C, mean) for p in parts
    )
    index = {c: i for i, c in enumerate(head.classes_)}
    logits = np.full((len(y), len(head.classes_)), -30.0, np.float32)
    for part, (_, test) in zip(partial, folds, strict=True):
        columns = [index[c] for c in part.classes_]
        logits[np.ix_(test, columns)] = part.decision_function(X[test])
    truth = np.array([index[v] for v in y])
    head.temperature_ = fit_temperature(logits, truth)
    probabilities = softmax(logits / head.temperature_, axis=1)
    right = probabilities.argmax(axis=1) == truth
    head.threshold_ = fit_threshold(probabilities.max(axis=1), right, target, _LEAST_ANSWERED)
    return Fitted(head, probabilities, y)


def _fit_head(rows: Rows, extra: Rows | None, C: float, mean: bool) -> LinearHead:
    """A head on the coders' rows and, where there are any, on ``extra`` ones.

    With ``mean`` it is the mean of two heads: one on the coders' rows, which weighs the classes
    towards each other so that rare ones are found, and one on all rows, which keeps the classes as
    common as they are. For whole feedback that did better on rows that trained nothing than one
    head on all rows; for segments one head on all rows did better.
    """
    both = _joined(rows, extra)
    assert both is not None
    if not mean or extra is None:
        return LinearHead(C).fit(*both)
    head, broad = LinearHead(C).fit(*rows), LinearHead(C, balance=0.0).fit(*both)
    column = {c: i for i, c in enumerate(broad.classes_)}
    same = [column[c] for c in head.classes_]
    head.coef_ = ((head.coef_ + broad.coef_[:, same]) / 2).astype(np.float32)
    head.intercept_ = ((head.intercept_ + broad.intercept_[same]) / 2).astype(np.float32)
    return head


def _joined(*parts: Rows | None) -> Rows | None:
    """Several sets of rows as one; null where there are none."""
    found = [p for p in parts if p is not None]
    if not found:
        return None
    return (
        sparse.vstack([p[0] for p in found], format="csr"),
        np.concatenate([p[1] for p in found]),
        np.concatenate([p[2] for p in found]),
    )


def _spread(X: sparse.csr_matrix, p: np.ndarray, classes: list[Any], weight: float) -> Rows:
    """Rows once for each of their likeliest labels, weighted by its probability."""
    best = np.argsort(-p, axis=1, kind="stable")[:, :_SOFT_LABELS]
    labels = np.asarray(classes)[best]
    weights = np.take_along_axis(p, best, axis=1)
    kept = weights > 0.1
    rows = np.repeat(np.arange(len(p)), best.shape[1]).reshape(best.shape)[kept]
    return X[rows], labels[kept], weights[kept] * weight


def _soft_feedback(training: Training, task: str) -> Rows | None:
    soft = training.soft
    if soft is None:
        return None
    if soft.feedback_rows is None:
        soft.feedback_rows = training.encoder.feedback(soft.texts, soft.sources)
    return _spread(soft.feedback_rows, soft.of_feedback[task], soft.classes[task], _SOFT_FEEDBACK)


def _soft_segments(training: Training, task: str) -> Rows | None:
    """Segments that the teacher labelled; themes and severity of those it takes for such mentions."""
    soft = training.soft
    if soft is None:
        return None
    if soft.segment_rows is None:
        context = np.hstack([soft.of_feedback[f"feedback.{t}"] for t in CONTEXT_TASKS])
        vectors = training.encoder.static.encode(soft.texts)
        soft.segment_rows = training.encoder.segments(
            soft.segments, soft.owner, vectors, context, soft.sources
        )
    kind = soft.of_segments["segment.kind"]
    index = {k: i for i, k in enumerate(soft.classes["segment.kind"])}
    wanted = {
        "segment.pain_theme": ["pain"],
        "segment.severity": ["pain"],
        "segment.win_theme": ["win"],
        "segment.kind": None,
    }.get(task, ["pain", "win"])
    chosen = np.ones(len(kind), bool)
    if wanted is not None:
        chosen = kind[:, [index[w] for w in wanted]].sum(axis=1) > 0.5
    return _spread(
        soft.segment_rows[chosen], soft.of_segments[task][chosen], soft.classes[task], _SOFT_SEGMENT
    )


def fit_knots(polarity: Fitted) -> np.ndarray:
    """(4,) expected steps at which the polarity bands divide best, by agreement of five steps."""
    expected = polarity.probabilities @ POLARITY_VALUES
    truth = polarity.truth
    grid = np.linspace(-0.9, 0.9, 73)
    knots = np.array([-0.75, -0.25, 0.25, 0.75])
    for _ in range(4):
        for k in range(4):
            low = knots[k - 1] if k else -1.0
            high = knots[k + 1] if k < 3 else 1.0
            tries = grid[(grid > low + 0.02) & (grid < high - 0.02)]
            scores = []
            for value in tries:
                trial = knots.copy()
                trial[k] = value
                step = np.searchsorted(trial, expected, side="right") - 2
                agree3 = np.mean(np.sign(step) == np.sign(truth))
                scores.append(agree3 + 0.5 * np.mean(step == truth))
            knots[k] = tries[int(np.argmax(scores))]
    return knots


def fit_mention_threshold(kind: Fitted) -> float:
    """The probability of pain or win from which on a segment is a mention: best micro F1."""
    classes = list(kind.head.classes_)
    none = classes.index("none")
    p = kind.probabilities.copy()
    p[:, none] = 0
    best, score = p.argmax(axis=1), p.max(axis=1)
    truth = np.array([classes.index(t) for t in kind.truth])
    found = []
    grid = np.linspace(0.15, 0.7, 56)
    for threshold in grid:
        said = score >= threshold
        hit = (said & (best == truth)).sum()
        found.append(2 * hit / max(1, said.sum() + (truth != none).sum()))
    return float(grid[int(np.argmax(found))])


def read_packs(packs: dict[str, Path], holdout: Path | None, seed: int) -> pd.DataFrame:
    """Rated texts of public packs as (text, step -2..2): a star rating or a label of sentiment."""
    held = held_out(holdout)
    steps = {"negative": -1, "neutral": 0, "positive": 1}
    frames = []
    for name, path in packs.items():
        frame = pd.read_parquet(path)
        if "rating5" in frame:
            step: Any = frame["rating5"].round() - 3
        elif "sentiment_1pos_5neg" in frame:
            step = 3 - frame["sentiment_1pos_5neg"]
        elif "label" in frame:
            step = frame["label"].map(steps)
        else:
            raise UserError(f"{path}: pack '{name}' has no rating or label", "leave it out")
        frame = pd.DataFrame({"text": frame["text"], "step": step}).dropna()
        frame = frame[frame["text"].str.len() > 3]
        frame = frame[[text_digest(t) not in held for t in frame["text"]]]
        frames.append(frame.sample(min(len(frame), 20_000), random_state=seed))
    if not frames:
        return pd.DataFrame({"text": [], "step": []})
    return pd.concat(frames, ignore_index=True)


def _pack_rows(training: Training) -> Rows | None:
    packs = training.packs
    if packs.empty:
        return None
    X = training.encoder.feedback(packs["text"].tolist(), [None] * len(packs))
    return X, packs["step"].to_numpy(int), np.full(len(packs), _PACK_WEIGHT)


def to_folder(
    name: str,
    encoder: FeatureEncoder,
    tokenizer: str,
    heads: dict[str, Fitted],
    knots: np.ndarray,
    labelled: Labelled,
) -> ModelFolder:
    """Encoder and heads as a model folder, not saved yet."""
    tensors = {"token_vectors": encoder.static.vectors, "idf": encoder.ngrams.idf}
    settings = {}
    for head_name, fitted in heads.items():
        head = fitted.head
        tensors[f"{head_name}.coef"] = head.coef_
        tensors[f"{head_name}.intercept"] = head.intercept_
        settings[head_name] = {
            "classes": head.classes_.tolist(),
            "temperature": round(head.temperature_, 4),
            "threshold": round(head.threshold_, 4),
            "out_of_fold": selective(fitted),
        }
    config = {
        "format": FORMAT,
        "name": name,
        "encoder": {
            "kind": "static+ngrams",
            "dimensions": encoder.static.dimensions,
            "word_bins": encoder.ngrams.n_word_bins,
            "char_bins": encoder.ngrams.n_char_bins,
        },
        "heads": settings,
        "polarity_knots": [round(float(k), 4) for k in knots],
        "n_feedback": len(labelled.feedback),
        "n_mentions": len(labelled.mentions),
    }
    return ModelFolder(name, config, tensors, tokenizer)  # type: ignore[arg-type]


def selective(fitted: Fitted) -> dict[str, float]:
    """Accuracy, coverage at the threshold and accuracy of the answered, all out of fold."""
    score = fitted.probabilities.max(axis=1)
    said = fitted.head.classes_[fitted.probabilities.argmax(axis=1)]
    right, sure = said == fitted.truth, score >= fitted.head.threshold_
    return {
        "accuracy": round(float(right.mean()), 4),
        "coverage": round(float(sure.mean()), 4),
        "selective_accuracy": round(float(right[sure].mean()) if sure.any() else 0.0, 4),
    }
