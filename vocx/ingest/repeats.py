"""What says again what another row holds: counted once, with the link kept."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_AUTHORS_LEAST = 15  # letters of a text that the same person hardly writes twice by chance
_ANYONES_LEAST = 60  # and of a review that two people hardly write alike


def repeated(feedback: pd.DataFrame) -> pd.Series:
    """For each row the place of the earlier row that it repeats, or null.

    A row repeats another of its source where

    - all of it is the same, and its id, or its author and time, say that it is the same feedback;
    - author, words and scores are the same;
    - it is a review, and its words (60 letters or more) and its rating are the same: a copy that was
      passed on to another site.

    Words are the same that differ in case, marks and white space alone. Without an id, an author or
    that many words, two people may well have said the same, and both count.
    """
    plain = feedback["text"].map(_letters)
    size = plain.str.len()
    earlier: list[int | None] = [None] * len(feedback)
    new = np.ones(len(feedback), bool)
    certain = feedback["_certain"].to_numpy(bool)
    author = feedback["author_id"].notna().to_numpy()
    rating = feedback["rating"].round(3).fillna(-1)
    prompt = feedback["prompt"].fillna("")
    scores = [feedback[s].round(3).fillna(-1) for s in ("rating", "nps", "csat", "ces")]
    for chosen, key in (
        (certain, [feedback["source"], feedback["source_id"], feedback["_content"]]),
        (
            author & (size >= _AUTHORS_LEAST),
            [feedback["source"], feedback["author_id"], plain, prompt, *scores],
        ),
        ((feedback["source"] == "review") & (size >= _ANYONES_LEAST), [plain, rating, prompt]),
    ):
        rows = np.flatnonzero(np.asarray(chosen, bool) & new).tolist()
        first: dict[object, int] = {}
        for row, k in zip(rows, zip(*(k.iloc[rows] for k in key), strict=True), strict=True):
            before = first.setdefault(k, row)
            if before != row:
                earlier[row], new[row] = before, False
    return pd.Series(earlier, index=feedback.index, dtype=object)


def _letters(text: str) -> str:
    """A text's letters and digits, lower-cased.

    >>> _letters("It's  LATE!"), _letters("its late")
    ('itslate', 'itslate')
    """
    return re.sub(r"[\W_]+", "", text.casefold())
