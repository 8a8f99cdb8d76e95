"""The steps put together: a shard of feedback to labels, and all labels to issues and matrix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from vocx.classify import FewShotClassifier, LinearHead, band, polarity, top, with_mixed
from vocx.course import course_of
from vocx.encode import NO_SEGMENTS, BagEncoder, Encoder, TransformerEncoder
from vocx.encode.ngrams import ngram_rows
from vocx.encode.tokens import plain_tokenizer
from vocx.journey import Journey
from vocx.models import ModelFolder, find_model, load_folder
from vocx.schema import EMOTIONS
from vocx.segment import segment, spans_in_words
from vocx.turns import customer_words

_NEGATIVE = frozenset(EMOTIONS) - {"gratitude", "joy", "satisfaction"}
_POSITIVE = frozenset({"gratitude", "joy", "satisfaction", "hope", "surprise", "neutral"})
_OF_KIND = 0.4  # what a pain or a win is worth as a name under a theme that is not its own
_SHORT = 20  # characters of a feedback that costs a model no less than a shorter one
FEEDBACK_TASKS = ("stage", "touchpoint", "polarity", "emotion")
FEEDBACK_HEADS = tuple(f"feedback.{task}" for task in FEEDBACK_TASKS)


def build_encoder(folder: ModelFolder) -> Encoder:
    """The encoder of a model folder."""
    tokenizer = plain_tokenizer(folder.tokenizer)
    settings = folder.config["encoder"]
    if settings["kind"] == "bag":
        return BagEncoder(tokenizer, folder.tensors)
    weights = {
        name.removeprefix("encoder."): array
        for name, array in folder.tensors.items()
        if name.startswith("encoder.")
    }
    return TransformerEncoder(tokenizer, settings["transformer"], weights)


def build_head(folder: ModelFolder, name: str) -> LinearHead:
    """One head of a model folder, ready to predict."""
    settings = folder.config["heads"][name]
    head = LinearHead()
    head.classes_ = np.asarray(settings["classes"], dtype=object)
    head.coef_ = folder.tensors[f"{name}.coef"]
    head.intercept_ = folder.tensors[f"{name}.intercept"]
    head.temperature_ = settings["temperature"]
    head.threshold_ = settings["threshold"]
    head.several_ = settings.get("several", False)
    head.ngrams_ = folder.tensors.get(f"{name}.ngrams")
    return head


@dataclass
class Judged:
    """What a model says of some feedback: task to probabilities, (m, k) and (n, k)."""

    feedback: dict[str, np.ndarray]
    segments: dict[str, np.ndarray]

    def take(self, rows: np.ndarray, pieces: np.ndarray) -> Judged:
        """The part that is said of some feedback and some segments."""
        return Judged(
            {t: p[rows] for t, p in self.feedback.items()},
            {t: p[pieces] for t, p in self.segments.items()},
        )


class Model:
    """Text to labels: an encoder and a head for every task.

    Made by `load_model`; `label` is what most users want, the other methods serve whole runs.
    """

    def __init__(self, folder: ModelFolder):
        self.folder = folder
        self.name = folder.name
        self.encoder = build_encoder(folder)
        self.heads = {name: build_head(folder, name) for name in folder.config["heads"]}
        self.knots = np.asarray(folder.config["polarity_knots"])

    @property
    def digest(self) -> str:
        """sha256 over all files that decide what the model answers."""
        return self.folder.digest

    @property
    def thresholds(self) -> dict[str, float]:
        """Scores below which a label is unsure, by task: stage, touchpoint, emotion, kind, theme."""
        return {name: head.threshold_ for name, head in self.heads.items()}

    @property
    def own_tasks(self) -> list[str]:
        """Tasks that a team has trained on labels of its own; a run keeps them as ``x_TASK``."""
        names = [h.removeprefix("feedback.") for h in self.heads if h.startswith("feedback.")]
        return [n for n in names if n not in FEEDBACK_TASKS]

    def several(self, task: str) -> bool:
        """Whether a team's own task may give a feedback several labels."""
        return bool(self.heads[f"feedback.{task}"].several_)

    def vectors(self, texts: list[str]) -> np.ndarray:
        """(n,) texts to (n, d) unit vectors, alike where customers mean the same."""
        return self.encoder.vectors(texts)

    def theme_beliefs(self, texts: list[str], kinds: list[str]) -> np.ndarray:
        """(n,) mentions and their kinds to (n, pain themes + win themes) probabilities of themes."""
        owner, spans = np.arange(len(texts)), np.array([[0, len(t)] for t in texts]).reshape(-1, 2)
        judged = self.judge(texts, [None] * len(texts), owner, spans).segments
        blocks = [
            judged[f"segment.{kind}_theme"] * (np.array(kinds) == kind)[:, None]
            for kind in ("pain", "win")
        ]
        return np.hstack(blocks)

    def reads_as(self, phrases: list[str], kind: str, theme: str | None) -> np.ndarray:
        """(n,) how surely each phrase, read alone, is a mention of a kind, and of a theme if one is named.

        A phrase of the kind whose theme is another still has `_OF_KIND` of it.
        """
        owner, spans = np.arange(len(phrases)), np.array([[0, len(t)] for t in phrases])
        said = self.judge(phrases, [None] * len(phrases), owner, spans.reshape(-1, 2)).segments
        of_kind = said["segment.kind"][:, list(self.heads["segment.kind"].classes_).index(kind)]
        task = f"segment.{kind}_theme"
        themes = list(self.heads[task].classes_)
        if theme not in themes:
            return of_kind
        return of_kind * (_OF_KIND + (1 - _OF_KIND) * said[task][:, themes.index(theme)])

    def label(self, texts: list[str], source: str | None = None) -> pd.DataFrame:
        """Labels of whole texts: stage, touchpoint, polarity, sentiment, emotion and their scores."""
        frame, _ = self._labels(texts, [source] * len(texts), *NO_SEGMENTS, None)
        frame["sentiment"] = band(frame["polarity"].to_numpy())
        frame.insert(0, "text", texts)
        return frame

    def judge(
        self, texts: list[str], sources: list[str | None], owner: np.ndarray, spans: np.ndarray
    ) -> Judged:
        """Probabilities of every task for m texts and n spans of them (see `Encoder.encode`)."""
        features = self.encoder.encode(texts, sources, owner, spans)
        clauses = (texts[o][low:high] for o, (low, high) in zip(owner, spans, strict=True))
        ngrams = self._ngrams("feedback", texts), self._ngrams("segment", clauses)
        found: tuple[dict[str, np.ndarray], dict[str, np.ndarray]] = ({}, {})
        for name, head in self.heads.items():
            part = int(name.startswith("segment."))
            found[part][name] = head.predict_proba(features[part], ngrams[part])
        return Judged(*found)

    def _ngrams(self, part: str, texts: Iterable[str]) -> Any:
        """Rows of n-grams, if a head of feedback or of segments reads them."""
        read = any(h.ngrams_ is not None for n, h in self.heads.items() if n.startswith(part))
        return ngram_rows(list(texts), self.folder.tensors[f"{part}.idf"]) if read else None

    def annotate(
        self, feedback: pd.DataFrame, segments: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Label columns for both tables."""
        meaningful = feedback[feedback["meaningful"]].reset_index(drop=True)
        row_of = {f: i for i, f in enumerate(meaningful["feedback_id"])}
        owner = np.array([row_of[f] for f in segments["feedback_id"]], dtype=int)
        spans = spans_in_words(meaningful, segments)
        words, sources = customer_words(meaningful), meaningful["source"].tolist()
        labels, marked = self._labels(words, sources, owner, spans, segments)
        labels["sentiment"] = band(labels["polarity"].to_numpy())
        labels["feedback_id"] = meaningful["feedback_id"].to_numpy()
        feedback = feedback.merge(labels, on="feedback_id", how="left", validate="1:1")
        feedback["sentiment"] = with_mixed(feedback, marked)
        return feedback, marked

    def _labels(
        self,
        texts: list[str],
        sources: list[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
        segments: pd.DataFrame | None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Label columns of m texts, and the n segments with theirs; an empty table without any."""
        return self._decoded(self.judge(texts, sources, owner, spans), segments)

    def _decoded(
        self, judged: Judged, segments: pd.DataFrame | None
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Probabilities to labels, by this model's own cuts and thresholds."""
        marked = pd.DataFrame() if segments is None else self._segment_labels(segments, judged)
        return self._feedback_labels(judged), marked

    def _feedback_labels(self, judged: Judged) -> pd.DataFrame:
        frame = pd.DataFrame(index=range(len(judged.feedback["feedback.stage"])))
        for task in ("stage", "touchpoint", "emotion"):
            name = f"feedback.{task}"
            frame[task], frame[f"{task}_score"] = top(
                judged.feedback[name], self.heads[name].classes_
            )
        frame["polarity"] = polarity(judged.feedback["feedback.polarity"], self.knots)
        for task in self.own_tasks:
            head, p = self.heads[f"feedback.{task}"], judged.feedback[f"feedback.{task}"]
            if head.several_:
                frame[f"x_{task}"] = ["; ".join(head.classes_[row]) for row in p >= head.threshold_]
            else:
                frame[f"x_{task}"], frame[f"x_{task}_score"] = top(p, head.classes_)
        return frame

    def _segment_labels(self, segments: pd.DataFrame, judged: Judged) -> pd.DataFrame:
        """The segments with their label columns; severity is of pains, themes are of mentions."""
        out, p = segments.copy(), judged.segments
        out["kind"], out["kind_score"] = mention_kind(p["segment.kind"], self.heads["segment.kind"])
        for task in ("stage", "touchpoint"):
            name = f"segment.{task}"
            out[task], out[f"{task}_score"] = top(p[name], self.heads[name].classes_)
        is_pain, is_win = (out["kind"] == "pain").to_numpy(), (out["kind"] == "win").to_numpy()
        severity = p["segment.severity"] @ self.heads["segment.severity"].classes_.astype(float)
        out["severity"] = np.where(is_pain, np.clip(np.round(severity), 1, 3), np.nan)
        out["theme"], out["theme_score"] = None, np.nan
        for kind, chosen in (("pain", is_pain), ("win", is_win)):
            if chosen.any():
                name = f"segment.{kind}_theme"
                found, score = top(p[name][chosen], self.heads[name].classes_)
                out.loc[chosen, "theme"], out.loc[chosen, "theme_score"] = found, score
        out["polarity"] = np.where(
            is_pain | is_win, polarity(p["segment.polarity"], self.knots), 0.0
        )
        emotion = p["segment.emotion"].copy()
        classes = self.heads["segment.emotion"].classes_
        for chosen, fitting in ((is_pain, _NEGATIVE), (is_win, _POSITIVE)):
            emotion[chosen] *= np.array([c in fitting for c in classes], float)
        emotion /= np.maximum(emotion.sum(axis=1, keepdims=True), 1e-9)
        out["emotion"], out["emotion_score"] = top(emotion, classes)
        return out


class CascadeModel(Model):
    """A small model that answers, and hands on to a large one the feedback it is not sure of.

    Where its doubt, weighed against what the large model's reading costs (see `worth_asking`), is
    above ``doubt``, a feedback is judged by the large model, with all its segments. What is sure goes by
    the small model's thresholds for both, which are the stricter.
    """

    def __init__(self, folder: ModelFolder):
        settings = folder.config["cascade"]
        self.folder = folder
        self.name = folder.name
        self.first, self.then = (self._beside(settings[k]) for k in ("first", "then"))
        self.doubt = float(settings["doubt"])
        self.heads = self.first.heads
        self.knots = self.first.knots

    def _beside(self, name: str) -> Model:
        """A model that lies in the same folder as the cascade, or else one found by its name."""
        beside = self.folder.path.parent / name if self.folder.path else Path(name)
        return load_model(str(beside) if (beside / "config.json").is_file() else name)

    @property
    def digest(self) -> str:
        """sha256 over all files that decide what the model answers."""
        return "-".join(m[:21] for m in (self.folder.digest, self.first.digest, self.then.digest))

    def vectors(self, texts: list[str]) -> np.ndarray:
        """(n,) texts to (n, d) unit vectors of the small model."""
        return self.first.vectors(texts)

    def judge(
        self, texts: list[str], sources: list[str | None], owner: np.ndarray, spans: np.ndarray
    ) -> Judged:
        """Probabilities of every task for m texts and n spans of them."""
        judged = self.first.judge(texts, sources, owner, spans)
        handed, mine, better = self._handed_on(judged, texts, sources, owner, spans)
        for task in FEEDBACK_HEADS:
            judged.feedback[task][handed] = better.feedback[task]
        for task, p in better.segments.items():
            judged.segments[task][mine] = p
        return judged

    def _handed_on(
        self,
        judged: Judged,
        texts: list[str],
        sources: list[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, Judged]:
        """What the small model doubts: feedback, segments, and what the large one says of them."""
        handed = np.flatnonzero(worth_asking(judged, owner, texts) > self.doubt)
        place = np.full(len(texts), -1)
        place[handed] = np.arange(len(handed))
        mine = np.flatnonzero(place[owner] >= 0)
        if not len(handed):
            return handed, mine, judged.take(handed, mine)
        words, kinds = [texts[i] for i in handed], [sources[i] for i in handed]
        return handed, mine, self.then.judge(words, kinds, place[owner[mine]], spans[mine])

    def _labels(
        self,
        texts: list[str],
        sources: list[str | None],
        owner: np.ndarray,
        spans: np.ndarray,
        segments: pd.DataFrame | None,
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """As of a single model; mentions and bands of sentiment by the cuts of the model that answers."""
        judged = self.first.judge(texts, sources, owner, spans)
        handed, mine, better = self._handed_on(judged, texts, sources, owner, spans)
        kept = np.setdiff1d(np.arange(len(texts)), handed)
        others = np.setdiff1d(np.arange(len(owner)), mine)
        parts = []
        for model, said, rows, pieces in (
            (self.first, judged.take(kept, others), kept, others),
            (self.then, better, handed, mine),
        ):
            if len(rows):
                own = None if segments is None else segments.iloc[pieces]
                labels, marked = model._decoded(said, own)
                parts.append((labels.set_index(rows), marked))
        if not parts:
            return self.first._decoded(judged, segments)
        labels, marked = (pd.concat([p[i] for p in parts]).sort_index() for i in (0, 1))
        own = self.first._feedback_labels(judged).filter(
            regex="^x_"
        )  # the small model answers these
        return labels.loc[:, ~labels.columns.str.startswith("x_")].join(own), marked


def worth_asking(judged: Judged, owner: np.ndarray, texts: list[str]) -> np.ndarray:
    """(m,) doubts by the root of the length, 0..1: whether a larger model is worth its time.

    Its time grows with the length, what it mends does not: one long feedback in doubt costs as much
    as ten short ones.
    """
    lengths = np.array([len(t) for t in texts])
    return doubts(judged, owner) * np.sqrt(_SHORT / np.maximum(lengths, _SHORT))


def doubts(judged: Judged, owner: np.ndarray) -> np.ndarray:
    """(m,) how unsure a model is of each feedback, 0..1.

    The mean, over the four tasks of whole feedback, of what the top probability lacks to one,
    averaged with the same for the kinds of the feedback's segments, if it has any.
    """
    lacking = [1 - judged.feedback[t].max(axis=1) for t in FEEDBACK_HEADS]
    whole = np.mean(lacking, axis=0)
    counts = np.bincount(owner, minlength=len(whole))
    kinds = np.bincount(
        owner, 1 - judged.segments["segment.kind"].max(axis=1), minlength=len(whole)
    )
    return np.where(counts > 0, (whole + kinds / np.maximum(counts, 1)) / 2, whole)


def mention_kind(p_kind: np.ndarray, head: LinearHead) -> tuple[np.ndarray, np.ndarray]:
    """Pain or win where its probability passes the head's threshold, else none; and its score."""
    mention = p_kind.copy()
    none = list(head.classes_).index("none")
    mention[:, none] = 0
    best = mention.argmax(axis=1) if len(mention) else np.zeros(0, int)
    rows = np.arange(len(best))
    best = np.where(mention[rows, best] >= head.threshold_, best, none)
    return head.classes_[best], p_kind[rows, best]


@lru_cache(maxsize=4)
def _load_model(path: str) -> Model:
    folder = load_folder(path)
    return CascadeModel(folder) if "cascade" in folder.config else Model(folder)


def load_model(name: str) -> Model:
    """A model by its name or the path of its folder."""
    return _load_model(str(find_model(name).resolve()))


def label_shard(feedback: pd.DataFrame, model: Model) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A shard of the feedback table to its labels, and its segments with theirs."""
    labelled, segments = model.annotate(feedback, segment(feedback))
    return labelled.assign(**course_of(labelled, segments)), segments


def place_by_examples(
    feedback: pd.DataFrame, segments: pd.DataFrame, journey: Journey, model: Model
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables with journey_stage and its score: of feedback that means something, of mentions.

    Null throughout for a journey that groups fine stages.
    """
    feedback = feedback.assign(journey_stage=None, journey_stage_score=np.nan)
    segments = segments.assign(journey_stage=None, journey_stage_score=np.nan)
    if not journey.by_examples:
        return feedback, segments
    examples = [(text, s.name) for s in journey.stages for text in [*s.examples, s.definition]]
    classifier = FewShotClassifier().fit(
        model.vectors([text for text, _ in examples]), [name for _, name in examples]
    )
    told = feedback["meaningful"].to_numpy(bool)
    words = customer_words(feedback[told])
    mentions = segments["kind"].isin(["pain", "win"]).to_numpy()
    for frame, rows, texts in (
        (feedback, told, words),
        (segments, mentions, segments.loc[mentions, "text"].tolist()),
    ):
        if texts:
            said, score = classifier.answers(model.vectors(texts))
            frame.loc[rows, "journey_stage"] = said
            frame.loc[rows, "journey_stage_score"] = score
    return feedback, segments
