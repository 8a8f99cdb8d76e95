"""Names of issues: the phrase that customers use for this group and not for its neighbours."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

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
        "want wanted know think thought need needed try tried made make let use used away sure yes"
    ).split()
)
_LEAST_SHARE = 0.2
_WEAK_START = frozenset(["again", "back", "out", "off", "down", "up"])
_WEAK_END = frozenset(["not", "no", "never", "without", "too", "very"])


def phrases(text: str, longest: int = 4) -> set[str]:
    """Candidate names in a text: 2 to 4 words in a row, none of them empty at either end.

    >>> sorted(phrases("The battery died, again"))
    ['battery died']
    """
    found = set()
    tokens = [t.lower().replace("’", "'") for t in _WORD.findall(text)]
    content = content_words(text)
    for n in range(2, longest + 1):
        for i in range(len(tokens) - n + 1):
            part = tokens[i : i + n]
            if not all(t[0].isalpha() for t in part):
                continue
            if part[0] in _STOP | _WEAK_START or part[-1] in _STOP | _WEAK_END:
                continue
            if sum(t in _STOP for t in part) <= 1 and any(t in content for t in part):
                found.add(" ".join(part))
    return found


def content_words(text: str) -> set[str]:
    """Words of a text that carry meaning, lower-cased.

    >>> sorted(content_words("I waited for the parcel"))
    ['parcel', 'waited']
    """
    tokens = (t.lower().replace("’", "'") for t in _WORD.findall(text))
    empty = _STOP | _KEPT | _TIMES | _SAID
    return {
        t for t in tokens if t[0].isalpha() and len(t) > 2 and "n't" not in t and t not in empty
    }


def stem(word: str) -> str:
    """A word without the endings of number and tense: enough to bring its forms together.

    >>> [stem(w) for w in ("deliveries", "delivered", "delivering", "crashes", "kettle's")]
    ['deliver', 'deliver', 'deliver', 'crash', 'kettl']
    """
    word = word.removesuffix("'s")
    for ending in ("ies", "ying", "ied", "ing", "ery", "ed", "es", "ly", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def content_stems(text: str) -> list[str]:
    """Stems of a text's content words, sorted: the words by which mentions are compared."""
    return sorted(stem(w) for w in content_words(text))


class PhraseTable:
    """How many mentions hold each phrase and word, over all mentions of a run."""

    def __init__(self, texts: Iterable[str]):
        self.n_texts = 0
        self.n_with: Counter[str] = Counter()
        for text in texts:
            self.n_texts += 1
            self.n_with.update(phrases(text) | content_words(text))

    def telling(self, texts: Sequence[str], candidates: str) -> list[tuple[str, float]]:
        """Phrases or words of a group, most telling first.

        The score is the share of the group that uses it times the log of how much more common it
        is there than everywhere; one mention alone makes no name.
        """
        of = phrases if candidates == "phrases" else content_words
        inside = Counter(p for t in texts for p in of(t))
        scored = []
        for phrase, n in inside.items():
            share = n / len(texts)
            lift = share / (max(1, self.n_with[phrase]) / max(1, self.n_texts))
            if n >= 2 and lift > 1:
                length = {1: 1.0, 2: 1.0, 3: 1.15, 4: 1.2}[min(4, len(phrase.split()))]
                scored.append((phrase, share * math.log(lift) * length))
        return sorted(scored, key=lambda s: (-s[1], s[0]))

    def terms(self, texts: Sequence[str], n: int = 6) -> list[str]:
        """The words that tell a group from all others."""
        by_stem: dict[str, str] = {}
        for word, _ in self.telling(texts, "words"):
            by_stem.setdefault(stem(word), word)
        return list(by_stem.values())[:n]

    def name(self, texts: Sequence[str], taken: set[str]) -> str | None:
        """A name of 2 to 5 words, not one of ``taken``, or null.

        A phrase that a fifth of the group uses; else its two most telling words, set apart by a
        dot; null where its mentions share no telling word, and so are too vague for a name.
        """
        least = max(2.0, _LEAST_SHARE * len(texts))
        counts = Counter(p for t in texts for p in phrases(t))
        options = [p for p, _ in self.telling(texts, "phrases") if counts[p] >= least]
        terms = self.terms(texts)
        options += [f"{a} · {b}" for i, a in enumerate(terms) for b in terms[i + 1 :]]
        return next((option for option in options if option not in taken), None)
