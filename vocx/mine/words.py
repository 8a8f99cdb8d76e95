"""Words that carry meaning, and their stems: what mentions are compared and named by."""

from __future__ import annotations

import re
from functools import lru_cache

from spacy.lang.en.stop_words import STOP_WORDS

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[^\w\s]|\d+", re.UNICODE)
_KEPT = frozenset(
    ["not", "no", "never", "without", "too", "very", "again", "back", "out", "off", "down", "up"]
)
_STOP = (frozenset(STOP_WORDS) - _KEPT) | frozenset(
    (
        "i'm i've it's its don't didn't doesn't isn't wasn't can't couldn't won't i'd i'll "
        "that's there's they're you're he's she's we've really just got get getting thing things "
        "lot bit like also even still much way customer xxxx na u im ive dont"
    ).split()
)
_TIMES = frozenset(
    (
        "second seconds minute minutes min mins hour hours day days week weeks month months year "
        "years today yesterday tomorrow morning afternoon evening night weekend time times date "
        "monday tuesday wednesday thursday friday saturday sunday january february march april may "
        "june july august september october november december later ago half one two three four "
        "five six seven eight nine ten first last next old new"
    ).split()
)
_SAID = frozenset(
    (
        "said say says told tell asked ask went go going came come took take wrote put gave give "
        "want wanted know think thought need needed try tried made make let use used away sure yes "
        "thank thanks thankyou bye goodbye hello hey hi please ok okay"
    ).split()
)


_EMPTY = _STOP | _KEPT | _TIMES | _SAID


@lru_cache(maxsize=2**17)
def content_words(text: str) -> frozenset[str]:
    """Words of a text that carry meaning, lower-cased.

    >>> sorted(content_words("I waited for the parcel"))
    ['parcel', 'waited']
    """
    tokens = (t.lower().replace("’", "'") for t in _WORD.findall(text))
    return frozenset(
        t
        for t in tokens
        if t[0].isalpha() and len(t) > 2 and "n't" not in t and t not in _EMPTY and t.strip("x")
    )


@lru_cache(maxsize=2**16)
def stem(word: str) -> str:
    """A word without the endings of number and tense: enough to bring its forms together.

    >>> [stem(w) for w in ("deliveries", "delivered", "movie", "movies", "crashes")]
    ['deliver', 'deliver', 'mov', 'mov', 'crash']
    """
    word = word.removesuffix("'s")
    for ending in ("ies", "ying", "ied", "ing", "ed", "es", "ly", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("i") and len(word) > 3 else word
