"""Where a text names persons: each word that may be a name is judged by its letters and by the words about it.

The judge is a logistic regression that goes from left to right and knows what it said of the word before
(a maximum-entropy Markov model: McCallum et al., ICML 2000); `vocx.train.names` trains it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from vocx.ingest.name_model import belief, common, given, is_family, is_public, likeness

THRESHOLD, HALF_DOUBTED, DOUBTED = 0.4, 0.7, 0.95
TOKEN = re.compile(r"\[[A-Z]+\]|[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+|[^\w\s]|\n")
TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir dame lady lord rev reverend sister nurse captain "
    "councillor cllr constable sergeant officer judge rabbi father imam pastor".split()
)
_NAMED_THING = re.compile(
    r"\b(?:[Tt]he|[Aa]n?|[Mm]y|[Oo]ur|[Yy]our|[Tt]h(?:is|ese)|[Nn]ew|[Tt]wo|[A-Z][a-z]+ (?:&|and)) ([A-Z][a-z]{2,})\b"
    r"|\b([A-Z][a-z]{2,}) (?:Card|Plus|Pro|Club|Rewards|app|App|lamp|table|desk|chair|sofa|bed|kettle|phone|card|account|"
    r"store|shop)\b"
)
_INITIALS = re.compile(r"(?:(?<![\w.'’])(?:[A-Z]\.? ?){1,2}(?<=[. ]))?$")
_JOINTS = frozenset(". & and the".split())
_RECURS = 2
_SMALL = 0.02  # likeness under which a lower-case word is no name
_FAIR = 0.3  # likeness from which it may be one
_LIKE = (0.02, 0.1, 0.3, 0.6, 0.9)
_NEVER = frozenset(
    """
    i a the and or but so if it is was are be this that these those he she they we you my your his her their our its not no
    yes ok please thanks thank hi hello hey dear sorry very too just also all any some one two three four five on in at to
    from by with of for as up down out off over under again then than there here when where what who why how which while
    customer service team support manager staff agent everyone everybody someone nobody anyone somebody anybody
    sir madam mate guys both each every another other others more most much many such only even still yet ever never
    monday tuesday wednesday thursday friday saturday sunday them him us me i'm i've i'd i'll don't didn't it's
    """.split()
)


def things_in(texts: Iterable[str]) -> frozenset[str]:
    """Words, lower-cased, that these texts use as names of things: "the Wren", "my Brook", "Fern Card".

    Such a word stands, capitalised, behind an article or the like, or before a common noun for goods,
    in two different texts or more; it is then a person's only where that is told.
    """
    counts: Counter[str] = Counter()
    for text in set(texts):
        counts.update({w.lower() for pair in _NAMED_THING.findall(text) for w in pair if w})
    return frozenset(w for w, n in counts.items() if n >= _RECURS)


def persons(text: str, things: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """(start, end) of each name of a person in a text, without titles; ``things`` as of `things_in`.

    >>> [ "Mr Okafor rang, then Chloe"[a:b] for a, b in persons("Mr Okafor rang, then Chloe")]
    ['Okafor', 'Chloe']
    >>> persons("Wendy's in Charlotte was closed in May"), persons("Mark my words, the bill was wrong")
    ([], [])
    """
    words = Words(text, things)
    found: list[tuple[int, int]] = []
    last = -2
    for i in words.candidates():
        if belief(words.clues(i, last == i - 1)) < words.needed(i):
            continue
        start, end = words.spans[i][0], words.spans[i][0] + len(words.bare[i])
        if last == i - 1 and not re.search(r"[,\n]", text[found[-1][1] : start]):
            found[-1] = (found[-1][0], end)
        else:
            initials = _INITIALS.search(text[:start])
            found.append((initials.start() if initials else start, end))
        last = i
    return found


def _plain(word: str) -> str:
    """Lower case, without accents: "Jesús" as "jesus"."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(c for c in parts if not unicodedata.combining(c)) or word.lower()


class Words:
    """A text's words and marks, and the clues about each."""

    def __init__(self, text: str, things: frozenset[str] = frozenset()):
        self.spans = [m.span() for m in TOKEN.finditer(text)]
        self.bare = [re.sub(r"['’]s$", "", text[a:b], flags=re.I) for a, b in self.spans]
        self.low = [_plain(w) for w in self.bare]
        self.owns = [len(w) < b - a for w, (a, b) in zip(self.bare, self.spans, strict=True)]
        self.things = things
        capitals = sum(c.isupper() for c in text)
        letters = sum(c.isalpha() for c in text)
        self.case = "Q" if not capitals else "S" if capitals > 0.7 * max(letters, 12) else "M"

    def candidates(self) -> Iterable[int]:
        """Which words may be of a name: capitalised, or known as a name; a word behind a name too."""
        for i, (word, low) in enumerate(zip(self.bare, self.low, strict=True)):
            if not word[0].isalpha() or low in _NEVER or len(low) < 2:
                continue
            if word[0].isupper() and self.case == "M":
                if given(low) or likeness(low) > _SMALL / 4 or not self._opens(i):
                    yield i
            elif (
                given(low)
                or likeness(low) > _FAIR
                or self._titled(i)
                or (
                    i
                    and self.case != "M"
                    and given(self.low[i - 1])
                    and self.low[i - 1] not in _NEVER
                )
            ):
                yield i

    def needed(self, i: int) -> float:
        """How sure one must be: surer of a word that is a thing's name, or a common one that is capitalised anyway."""
        public, opens = self._public(i), self._opens(i)
        if public == 2 and not opens:
            return HALF_DOUBTED
        thing = self.low[i] in self.things
        return DOUBTED if public or thing or (opens and common(self.low[i])) else THRESHOLD

    def clues(self, i: int, behind_name: bool) -> list[str]:
        """What tells whether the i-th word is of a name; ``behind_name``: the word before it is."""
        word = self.bare[i]
        shape = "U" if word.isupper() and len(word) > 1 else "C" if word[0].isupper() else "l"
        b1, b2, b3 = (self._at(i - k) for k in (1, 2, 3))
        a1, a2 = self._at(i + 1), self._at(i + 2)
        c1, d1 = self._kind(i - 1), self._kind(i + 1)
        like = self._likeness(i)
        place = shape + self.case
        known = f"{given(self.low[i])}{like}{int(is_family(self.low[i]))}"
        public = self._public(i)
        thing = int(self.low[i] in self.things)
        named = f"{place}{min(given(self.low[i]), 3)}{like}"
        return [
            f"w={self.low[i]}",
            f"w{place}={self.low[i]}",
            f"wb={b1} {self.low[i]}",
            f"wa={self.low[i]} {a1}",
            f"k{place}{known}",
            f"c{common(self.low[i])}{place}{int(self._opens(i))}",
            f"c{common(self.low[i])}{place}={b1}",
            f"c{common(self.low[i])}{place}a={a1}",
            f"k{place}{known}{c1}{d1}",
            f"n{place}{int(behind_name)}{c1}",
            f"f{place}{int(is_family(self.low[i]))}{int(behind_name)}{c1}{d1}",
            f"N{int(behind_name)}{named}",
            f"b1={b1}",
            f"b1{named}={b1}",
            f"b2={b2} {b1}",
            f"b2{place}={b2} {b1}",
            f"b3={b3} {b2} {b1}",
            f"B2={b2}",
            f"a1={a1}",
            f"a1{named}={a1}",
            f"a2={a1} {a2}",
            f"A2={a2}",
            f"m={b1} {a1}",
            f"m{place}={b1} {a1}",
            f"p{public}{place}",
            f"p{public}={b1}",
            f"p{public}{int(behind_name)}{c1}{d1}",
            f"p{public}s{int(self._opens(i))}={a1}",
            f"T{self._titled(i)}{place}",
            f"t{thing}",
            f"t{thing}={b1}",
            f"o{int(self.owns[i])}{place}",
            f"s{int(self._opens(i))}{named}",
            f"s{int(self._opens(i))}={a1}",
        ]

    def _at(self, i: int) -> str:
        """A word of the neighbourhood, by its kind where it is itself like a name."""
        if not 0 <= i < len(self.low):
            return "^" if i < 0 else "$"
        low = self.low[i]
        if low[0].isdigit():
            return "0"
        if low[0].isalpha() and self.bare[i][0].isupper() and given(low) and low not in _NEVER:
            return "<name>"
        return low

    def _kind(self, i: int) -> str:
        """Whether a neighbour is a mark, a word, or like a name."""
        if not 0 <= i < len(self.low):
            return "$"
        word = self.bare[i]
        if not word[0].isalpha():
            return "." if word in ".!?\n" else ","
        if self.low[i] in TITLES:
            return "T"
        if not word[0].isupper() or self.low[i] in _NEVER:
            return "l"
        if given(self.low[i]) > 1:
            return "G"
        return "F" if is_family(self.low[i]) else "C"

    def _likeness(self, i: int) -> int:
        like = likeness(self.low[i])
        return sum(like >= edge for edge in _LIKE)

    def _public(self, i: int) -> int:
        """Whether the word is of a name that all know, with the word before or behind it."""
        low = self.low[i]
        two = (f"{low} {self._next(i, 1)}", f"{self._next(i, -1)} {low}")
        return int(any(is_public(pair) for pair in two)) + 2 * int(is_public(low))

    def _next(self, i: int, step: int) -> str:
        """The next word on one side, over what joins words to a name ("Ben & Jerry", "Dr. Martens")."""
        k = i + step
        while 0 <= k < len(self.low) and self.low[k] in _JOINTS:
            k += step
        return self.low[k] if 0 <= k < len(self.low) else ""

    def _opens(self, i: int) -> bool:
        """Whether the i-th word begins a sentence."""
        return i == 0 or self.bare[i - 1] in '.!?:\n"“'

    def _titled(self, i: int) -> bool:
        return i > 0 and (
            self.low[i - 1] in TITLES
            or (i > 1 and self.low[i - 1] == "." and self.low[i - 2] in TITLES)
        )
