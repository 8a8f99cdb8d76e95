"""What is known of names of persons: given names, names that are public, letters, and the words about a name.

Everything is held as hashes and weights (`models/en-names`); no list of names can be read from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from zlib import crc32

import numpy as np
from safetensors.numpy import load_file

from vocx.models import find_names

N_LETTERS = 2**16  # buckets of letter runs
N_CLUES = 2**17  # buckets of clues
_LONGEST = 6  # letters of a run
_LONGEST_NAME = 20


def runs(word: str) -> list[int]:
    """Buckets of a word's letter runs, and of the whole word.

    >>> len(runs("Ann")), runs("Ann") == runs("ann")
    (15, True)
    """
    marked = f"^{word.lower()}$"
    found = {marked[i : i + n] for n in range(1, _LONGEST + 1) for i in range(len(marked) - n + 1)}
    return sorted(crc32(r.encode()) % N_LETTERS for r in found | {f"={marked}"})


def bucket(clue: str) -> int:
    """Bucket of a clue."""
    return crc32(clue.encode()) % N_CLUES


def hashed(name: str) -> int:
    """What stands for a name, of any case, in the sets of names."""
    return crc32(name.lower().encode())


class _Known:
    def __init__(self, tensors: dict[str, np.ndarray]) -> None:
        self.letters = tensors["letters"].astype(np.float32) * tensors["letters_scale"][0]
        self.letters_bias = float(tensors["letters_bias"][0])
        self.clues: list[float] = (
            tensors["clues"].astype(np.float32) * tensors["clues_scale"][0]
        ).tolist()
        self.clues_bias = float(tensors["clues_bias"][0])
        self.given = dict(
            zip(tensors["given"].tolist(), tensors["given_often"].tolist(), strict=True)
        )
        self.common = dict(
            zip(tensors["given"].tolist(), tensors["given_common"].tolist(), strict=True)
        )
        self.family = frozenset(tensors["family"].tolist())
        self.public = frozenset(tensors["public"].tolist())


_loaded: list[_Known] = []


def use(tensors: dict[str, np.ndarray]) -> None:
    """Take these tensors in place of the model on disk: for training."""
    _loaded[:] = [_Known(tensors)]
    likeness.cache_clear()
    given.cache_clear()
    common.cache_clear()
    is_family.cache_clear()


def _known() -> _Known:
    if not _loaded:
        _loaded.append(_Known(load_file(find_names() / "model.safetensors")))
    return _loaded[0]


@lru_cache(maxsize=2**15)
def likeness(word: str) -> float:
    """How surely a word is a given name and no common word by its letters, 0..1; whatever its case."""
    if len(word) > _LONGEST_NAME:
        return 0.0
    known = _known()
    found = runs(word)
    score = known.letters_bias + float(known.letters[found].sum()) / math.sqrt(len(found))
    return _logistic(score)


@lru_cache(maxsize=2**15)
def given(word: str) -> int:
    """How usual a word is as a given name: 0 (is none that is known) to 9 (millions bear it)."""
    return int(_known().given.get(hashed(word), 0))


@lru_cache(maxsize=2**15)
def common(word: str) -> int:
    """How usual a given name is as a word of another sense ("will", "may"), 0 to 6."""
    return int(_known().common.get(hashed(word), 0))


@lru_cache(maxsize=2**15)
def is_family(word: str) -> bool:
    """Whether a word is a usual family name."""
    return hashed(word) in _known().family


def is_public(name: str) -> bool:
    """Whether a name of several words is that of a person, a band, a brand or a work that all know."""
    return hashed(name) in _known().public


def belief(clues: Iterable[str]) -> float:
    """How surely a word with these clues is of a person's name, 0..1."""
    known = _known()
    return _logistic(known.clues_bias + sum(known.clues[bucket(c)] for c in clues))


def _logistic(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
