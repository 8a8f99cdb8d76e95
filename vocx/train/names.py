"""The model that tells given names from other words, for masking: letter runs and a straight line.

It learns from the names that Faker knows for many countries (a dependency of development only) and from
the words of the packs' comments; it holds weights of letter runs, and no list of anything.
"""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from vocx.config import NamesConfig
from vocx.errors import MissingExtra
from vocx.ingest.given_names import N_BUCKETS, runs
from vocx.train.comments import pack_comments

_WORD = re.compile(r"(?<![\w'])[A-Za-z][a-z]{1,}(?![\w'])")
_PLACED = re.compile(
    r"\b(?:in|to|from|at|near|the|of|via|on|a|an|this|visit|visited|flew|flying|fly|downtown|new|my) ([A-Z][a-z]{2,})(?![\w'])"
)
_PLACES = (
    0.3  # share of a name's uses that are after such a word, from which it is rather a place's
)
_SPARE = 10  # of the names, and of the words, one in so many is set aside to measure on
_COMMON = 3  # times that a word must occur to be one
_ALSO = 150  # times that a name must occur in lower case to be a word ("mark", "bill")
_CARD = """# {name}

Tells given names from other words by their letters, for the masking of names. A logistic regression over hashed runs of
one to six letters ({buckets:,} weights, int8); it holds no list of names.

Trained by `vocx train pipelines/train-names.yaml` on the {n_names:,} given names that Faker (MIT) knows for all its countries
in Latin letters, and on {n_words:,} words of customers' comments. On the tenth of both that it did not see: {recall:.2f} of
the names and {wrong:.3f} of the words are taken for names (at 0.5).
"""
Progress = Callable[[str], None]


def given_names() -> list[str]:
    """All given names that Faker knows in ASCII letters."""
    try:
        from faker.config import AVAILABLE_LOCALES
    except ImportError as error:
        raise MissingExtra(str(error.name), "train") from None
    found: set[str] = set()
    for locale in AVAILABLE_LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for kind in ("first_names", "first_names_male", "first_names_female"):
            listed = getattr(provider, kind, ())
            found |= {str(n) for n in listed} if isinstance(listed, (tuple, list, dict)) else set()
    return sorted({n.lower() for n in found if re.fullmatch(r"[A-Z][a-z]{2,11}", n)})


def train_names(config: NamesConfig, progress: Progress) -> tuple[dict[str, np.ndarray], str]:
    """The model's tensors and its card."""
    lower: Counter[str] = Counter()
    upper: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    for text in pack_comments(Path(config.data))["text"]:
        for word in _WORD.findall(text):
            (lower if word.islower() else upper)[word.lower()] += 1
        placed.update(word.lower() for word in _PLACED.findall(text))
    known = set(given_names())

    def is_word(w: str) -> bool:
        """Whether a word is common, or the name of a place or a thing rather than of a person."""
        if w not in known:
            return lower[w] + upper[w] >= _COMMON
        return lower[w] >= _ALSO or (placed[w] >= _COMMON and placed[w] > _PLACES * upper[w])

    words = {w: lower[w] + upper[w] for w in {*lower, *upper} if is_word(w)}
    names = sorted(known - set(words))
    listed = [*names, *sorted(words)]
    progress(f"{len(names)} names, {len(words)} words")
    truth = np.repeat([1, 0], [len(names), len(words)])
    often = np.array([1.0] * len(names) + [1 + np.log10(words[w]) for w in sorted(words)])
    features = [runs(w) for w in listed]
    sizes = np.array([len(f) for f in features])
    values = np.repeat(1 / np.sqrt(sizes), sizes)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    rows = sparse.csr_matrix((values, np.concatenate(features), bounds), (len(listed), N_BUCKETS))
    spare = np.random.default_rng(0).integers(0, _SPARE, len(listed)) == 0
    judge = LogisticRegression(C=30, max_iter=300, class_weight="balanced")
    judge.fit(rows[~spare], truth[~spare], sample_weight=often[~spare])
    said = judge.predict(rows[spare])
    recall = float(said[truth[spare] == 1].mean())
    wrong = float(said[truth[spare] == 0].mean())
    progress(f"{recall:.3f} of new names, {wrong:.3f} of new words are taken for names")
    judge.fit(rows, truth, sample_weight=often)
    scale = np.abs(judge.coef_[0]).max() / 127
    tensors = {
        "weights": np.round(judge.coef_[0] / scale).astype(np.int8),
        "scale": np.array([scale], np.float32),
        "bias": judge.intercept_.astype(np.float32),
    }
    card = _CARD.format(name=config.name, buckets=N_BUCKETS, n_names=len(names), n_words=len(words),
                        recall=recall, wrong=wrong)  # fmt: skip
    return tensors, card


def save_names(tensors: dict[str, np.ndarray], card: str, path: Path) -> None:
    """Write the model's folder."""
    path.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path / "model.safetensors")
    (path / "model.safetensors").chmod(0o644)
    (path / "README.md").write_text(card, encoding="utf-8")
