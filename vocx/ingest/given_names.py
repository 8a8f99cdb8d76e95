"""How much a word is like a given name: hashed letter runs, weighed by a model trained for it."""

from __future__ import annotations

import math
from functools import lru_cache
from zlib import crc32

import numpy as np
from safetensors.numpy import load_file

from vocx.models import find_names

N_BUCKETS = 2**16
_LONGEST = 6  # letters of a run
_LONGEST_NAME = 20


def runs(word: str) -> list[int]:
    """Buckets of a word's letter runs, and of the whole word.

    >>> len(runs("Ann")), runs("Ann") == runs("ann")
    (15, True)
    """
    marked = f"^{word.lower()}$"
    found = {marked[i : i + n] for n in range(1, _LONGEST + 1) for i in range(len(marked) - n + 1)}
    return sorted(crc32(r.encode()) % N_BUCKETS for r in found | {f"={marked}"})


@lru_cache(maxsize=1)
def _weights() -> tuple[np.ndarray, float]:
    tensors = load_file(find_names() / "model.safetensors")
    return tensors["weights"].astype(np.float32) * tensors["scale"][0], float(tensors["bias"][0])


@lru_cache(maxsize=2**15)
def likeness(word: str) -> float:
    """How surely a word is a given name and no common word, 0..1; of it alone, whatever its case."""
    if len(word) > _LONGEST_NAME:
        return 0.0
    weights, bias = _weights()
    found = runs(word)
    score = bias + float(weights[found].sum()) / math.sqrt(len(found))
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))
