"""The steps put together: a shard of feedback to labels, and all labels to issues and matrix."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import sparse
from tokenizers import Tokenizer

from vocx.classify import LinearHead, band, polarity, top, with_mixed
from vocx.encode import FeatureEncoder, HashedNgrams, StaticEncoder
from vocx.models import ModelFolder, find_model, load_folder
from vocx.schema import EMOTIONS
from vocx.segment import customer_words, segment

_NEGATIVE = frozenset(EMOTIONS) - {"gratitude", "joy", "satisfaction"}
_POSITIVE = frozenset({"gratitude", "joy", "satisfaction", "hope", "surprise", "neutral"})
CONTEXT_TASKS = ("stage", "touchpoint", "polarity", "emotion")


def build_encoder(folder: ModelFolder) -> FeatureEncoder:
    """The feature encoder of a model folder."""
    settings = folder.config["encoder"]
    tokenizer = Tokenizer.from_str(folder.tokenizer)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    ngrams = HashedNgrams(settings["word_bins"], settings["char_bins"], folder.tensors["idf"])
    return FeatureEncoder(StaticEncoder(tokenizer, folder.tensors["token_vectors"]), ngrams)


def build_head(folder: ModelFolder, name: str) -> LinearHead:
    """One head of a model folder, ready to predict."""
    settings = folder.config["heads"][name]
    head = LinearHead()
    head.classes_ = np.asarray(settings["classes"], dtype=object)
    head.coef_ = folder.tensors[f"{name}.coef"]
    head.intercept_ = folder.tensors[f"{name}.intercept"]
    head.temperature_ = settings["temperature"]
    head.threshold_ = settings["threshold"]
    return head


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
    def thresholds(self) -> dict[str, float]:
        """Scores below which a label is unsure, by task: stage, touchpoint, emotion, kind, theme."""
        return {name: head.threshold_ for name, head in self.heads.items()}

    def label(self, texts: list[str], source: str | None = None) -> pd.DataFrame:
        """Labels of whole texts: stage, touchpoint, polarity, sentiment, emotion and their scores."""
        features = self.encoder.feedback(texts, [source] * len(texts))
        frame, _ = self._feedback_labels(features)
        frame["sentiment"] = band(frame["polarity"].to_numpy())
        frame.insert(0, "text", texts)
        return frame

    def _feedback_labels(self, features: sparse.csr_matrix) -> tuple[pd.DataFrame, np.ndarray]:
        """Label columns, and all tasks' probabilities side by side."""
        probabilities = {
            t: self.heads[f"feedback.{t}"].predict_proba(features) for t in CONTEXT_TASKS
        }
        frame = pd.DataFrame(index=range(features.shape[0]))
        for task in ("stage", "touchpoint", "emotion"):
            classes = self.heads[f"feedback.{task}"].classes_
            frame[task], frame[f"{task}_score"] = top(probabilities[task], classes)
        frame["polarity"] = polarity(probabilities["polarity"], self.knots)
        return frame, np.hstack([probabilities[t] for t in CONTEXT_TASKS]).astype(np.float32)

    def annotate(
        self, feedback: pd.DataFrame, segments: pd.DataFrame
    ) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Label columns for both tables."""
        meaningful = feedback[feedback["meaningful"]].reset_index(drop=True)
        words, sources = customer_words(meaningful), meaningful["source"].tolist()
        features = self.encoder.feedback(words, sources)
        labels, context = self._feedback_labels(features)
        row_of = {f: i for i, f in enumerate(meaningful["feedback_id"])}
        owner = np.array([row_of[f] for f in segments["feedback_id"]], dtype=int)
        texts = segments["text"].tolist()
        vectors = self.encoder.static.encode(words)
        rows = self.encoder.segments(texts, owner, vectors, context, sources)
        alone = self.encoder.feedback(texts, [sources[i] for i in owner])
        marked = self._segment_labels(segments, rows, alone, context[owner])
        labels["sentiment"] = band(labels["polarity"].to_numpy())
        labels["feedback_id"] = meaningful["feedback_id"].to_numpy()
        feedback = feedback.merge(labels, on="feedback_id", how="left", validate="1:1")
        feedback["sentiment"] = with_mixed(feedback, marked)
        return feedback, marked

    def _segment_labels(
        self,
        segments: pd.DataFrame,
        rows: sparse.csr_matrix,
        alone: sparse.csr_matrix,
        context: np.ndarray,
    ) -> pd.DataFrame:
        """The segments with their label columns; severity is of pains, themes are of mentions."""
        out = segments.copy()
        kinds = self.heads["segment.kind"]
        p_kind = kinds.predict_proba(rows)
        out["kind"], out["kind_score"] = self._kind(p_kind, kinds)
        for task in ("stage", "touchpoint"):
            head = self.heads[f"segment.{task}"]
            out[task], out[f"{task}_score"] = top(head.predict_proba(rows), head.classes_)
        severity = self.heads["segment.severity"]
        expected = severity.predict_proba(rows) @ severity.classes_.astype(float)
        is_pain, is_win = (out["kind"] == "pain").to_numpy(), (out["kind"] == "win").to_numpy()
        out["severity"] = np.where(is_pain, np.clip(np.round(expected), 1, 3), np.nan)
        out["theme"], out["theme_score"] = None, np.nan
        for kind, chosen in (("pain", is_pain), ("win", is_win)):
            if chosen.any():
                head = self.heads[f"segment.{kind}_theme"]
                found, score = top(head.predict_proba(rows[chosen]), head.classes_)
                out.loc[chosen, "theme"], out.loc[chosen, "theme_score"] = found, score
        words = polarity(self.heads["feedback.polarity"].predict_proba(alone), self.knots)
        index = {c: i for i, c in enumerate(kinds.classes_)}
        leaning = p_kind[:, index["win"]] - p_kind[:, index["pain"]]
        out["polarity"] = (words + leaning) / 2
        out["emotion"], out["emotion_score"] = self._emotion(alone, context, is_pain, is_win)
        return out

    def _kind(self, p_kind: np.ndarray, head: LinearHead) -> tuple[np.ndarray, np.ndarray]:
        """Pain or win where its probability passes the threshold, else none."""
        mention = p_kind.copy()
        none = list(head.classes_).index("none")
        mention[:, none] = 0
        best = mention.argmax(axis=1) if len(mention) else np.zeros(0, int)
        rows = np.arange(len(best))
        sure = mention[rows, best] >= head.threshold_
        best = np.where(sure, best, none)
        return head.classes_[best], p_kind[rows, best]

    def _emotion(
        self, alone: sparse.csr_matrix, context: np.ndarray, is_pain: np.ndarray, is_win: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The segment's emotion: its own words' and its feedback's, of a kind that fits the mention."""
        head = self.heads["feedback.emotion"]
        p = (head.predict_proba(alone) + context[:, -len(head.classes_) :]) / 2
        for chosen, fitting in ((is_pain, _NEGATIVE), (is_win, _POSITIVE)):
            mask = np.array([c in fitting for c in head.classes_], float)
            p[chosen] *= mask
        p /= np.maximum(p.sum(axis=1, keepdims=True), 1e-9)
        return top(p, head.classes_)


@lru_cache(maxsize=2)
def _load_model(path: str) -> Model:
    return Model(load_folder(path))


def load_model(name: str) -> Model:
    """A model by its name or the path of its folder."""
    return _load_model(str(find_model(name).resolve()))


def label_shard(feedback: pd.DataFrame, model: Model) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A shard of the feedback table to its labels, and its segments with theirs."""
    return model.annotate(feedback, segment(feedback))
