"""Names of issues: what the customers of a group say, and the others do not."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from vocx.mine.phrases import Phrase, key_of, parsed, phrases
from vocx.mine.words import content_words, stem

_READ = 40  # mentions of a group that are parsed for its name
_WEIGHT = {  # a phrase that says what is wrong names more than a bare thing, or than a deed
    "not": 1.4, "judged": 1.3, "does": 1.3, "verb": 1.0, "of": 0.8, "where": 0.7, "noun": 0.65, "how": 0.35,
}  # fmt: skip
_WEAK = ("noun", "where", "how")  # name a thing, and not what is said of it
_LONGER = {2: 1.0, 3: 1.25, 4: 1.3, 5: 1.25}  # by number of words
_DENIALS = frozenset(["not", "n't", "never", "no", "nobody", "nothing", "won't", "can't"])
_NEAR = 3  # words between what denies and what is denied
_THIN = 0.5  # what a phrase is worth that has one word of content only
_READS = 0.3  # how surely a phrase, read alone, should be what it names; below it is a poor name
_READS_WELL, _CENTRAL = 0.6, 0.9  # and above which a phrase may name more than those who use it
HEARD = 12  # candidates of a group that are read alone
_WISHED = 0.4  # and one that asks for something to be done
_WISHES = frozenset(
    "fix fixing solve resolve improve improving add bring increase reduce provide".split()
)
_FAULT_OF = {  # what a complaint says that wishes for more of something, or for less
    "more": "not enough", "better": "poor", "shorter": "long", "faster": "slow", "quicker": "slow",
    "cheaper": "expensive", "easier": "difficult", "fewer": "too many", "less": "too much",
}  # fmt: skip
_STARTS = frozenset(["everything", "everyone", "nothing", "nobody", "always", "never"])
_SHORT = 4  # words of a mention that may be a name as it stands
N_TERMS = 6


class Candidate(NamedTuple):
    """A phrase that may name a group: how many of its mentions say so, and how telling that is."""

    text: str
    key: frozenset[str]
    form: str
    n: int
    score: float
    reads: float | None = None  # how surely it is of the group's kind and theme; null: unread
    central: float = 1.0  # how near the group's middle; 1: as near as half of its mentions

    def read(self, reads: float, central: float) -> Candidate:
        """The candidate with what reading it alone has told."""
        score = self.score * (0.1 + reads) * central**2
        return self._replace(reads=reads, central=central, score=score)


class StemTable:
    """Which mentions of a run hold each stem."""

    def __init__(self, texts: Iterable[str]):
        holders: dict[str, list[int]] = defaultdict(list)
        self.n_texts = 0
        for i, text in enumerate(texts):
            self.n_texts += 1
            for s in stems_of(text):
                holders[s].append(i)
        self._holders = {s: np.array(rows, np.int32) for s, rows in holders.items()}
        self._phrases: dict[str, list[Phrase]] = {}

    def read(self, groups: Iterable[Sequence[str]]) -> None:
        """Parse what the names of groups are looked for in, all at once (faster than one by one)."""
        unread = dict.fromkeys(t for g in groups for t in g[:_READ] if t not in self._phrases)
        for text, doc in zip(unread, parsed(unread), strict=True):
            self._phrases[text] = phrases(doc)

    def count(self, key: frozenset[str]) -> int:
        """How many mentions hold all stems of a key."""
        rows = [self._holders.get(s) for s in key]
        if not rows or any(r is None for r in rows):
            return 0
        listed = sorted((r for r in rows if r is not None), key=len)
        found = listed[0]
        for more in listed[1:]:
            found = found[np.isin(found, more, assume_unique=True)]
        return len(found)

    def _score(self, key: frozenset[str], inside: list[frozenset[str]]) -> tuple[int, float]:
        """Mentions of a group that hold a key, and how telling that is: share times the root of its log lift."""
        n = sum(key <= stems for stems in inside)
        share = n / len(inside)
        usual = max(self.count(key), n, 1) / max(1, self.n_texts)
        return n, share * math.sqrt(math.log(max(1.0, share / usual)))

    def terms(self, texts: Sequence[str]) -> list[str]:
        """The words that tell a group from all others, most telling first."""
        inside = [stems_of(t) for t in texts]
        spelt = _spellings(texts)
        scored = []
        for s in spelt:
            n, score = self._score(frozenset([s]), inside)
            if n >= 2 and score > 0:
                scored.append((-score, spelt[s]))
        return [word for _, word in sorted(scored)[:N_TERMS]]

    def candidates(self, texts: Sequence[str]) -> list[Candidate]:
        """The phrases that may name a group, best first; its texts come most central first.

        Of phrases that several of them use, in whatever form, the best is the one that most tells the
        group from all other mentions.
        """
        self.read([texts])
        inside = [stems_of(t) for t in texts]
        forms: dict[frozenset[str], Counter[Phrase]] = defaultdict(Counter)
        for text in texts[:_READ]:
            for phrase in self._phrases[text]:
                forms[phrase.key][phrase] += 1
        found = []
        for key, spoken in forms.items():
            best = min(spoken, key=lambda p: (-spoken[p] * _WEIGHT[p.form], len(p.text), p.text))
            n, score = self._score(key, inside)
            sure = n
            if best.text.startswith("no "):  # "no" somewhere in a mention need not deny this
                sure = round(spoken.total() * len(texts) / min(len(texts), _READ))
            elif best.form == "not":
                sure = sum(denies(t, key) for t, s in zip(texts, inside, strict=True) if key <= s)
            elif best.form in ("does", "how") and "not" not in key:  # what is denied is not said
                sure = sum(key <= stems and "not" not in stems for stems in inside)
            n, score = min(n, sure), score * min(1.0, sure / max(1, n))
            if n < 2 or score <= 0:
                continue
            score *= _WEIGHT[best.form] * _LONGER[len(best.text.split())]
            score *= _THIN if len(key) == 1 else 1.0
            score *= _WISHED if _WISHES & set(best.text.split()[:1]) else 1.0
            found.append(Candidate(best.text, key, best.form, n, score))
        return sorted(found, key=lambda c: (-c.score, c.text))

    def name(
        self,
        texts: Sequence[str],
        taken: Taken,
        share: float = 0.1,
        at_any_rate: bool = True,
        candidates: Sequence[Candidate] | None = None,
        of_pain: bool = False,
    ) -> str | None:
        """A name of 2 to 5 words, not yet taken, or null where the mentions share no phrase.

        It is the best candidate that enough texts use: ``share`` of them, or half of it for a phrase
        that says what is wrong; a bare thing ("credit report") is no name, nor is what reads like none
        ("open app"). What reads well may be rarer. ``at_any_rate``, where there is no such phrase, a
        rarer one will do, or words that merely stand in a row.
        """
        least = max(2, math.ceil(share * len(texts)))
        scored = []
        for c in self.candidates(texts) if candidates is None else candidates:
            text = as_fault(c.text) if of_pain else c.text
            if taken.holds(c.key if text == c.text else key_of(text.split())):
                continue
            weak = c.form in _WEAK
            enough = c.n >= (least if weak else least / 2)
            told = c.form not in ("noun", "how")
            if at_any_rate:
                tier = float(c.n < least)
            elif enough and told and (c.reads is None or c.reads >= _READS):
                tier = float(weak)
            elif (
                c.central >= _CENTRAL
                and (c.reads or 0) >= _READS_WELL
                and c.form != "how"
                and c.n >= least / 4
            ):
                tier = 2.0
            elif enough and told and c.reads and c.reads >= _READS / 2:
                tier = 3.0
            else:
                continue
            scored.append((tier, -c.score, text))
        if scored or not at_any_rate:
            return min(scored)[2] if scored else None
        return self._side_by_side(texts, [stems_of(t) for t in texts], least, taken)

    def _side_by_side(
        self, texts: Sequence[str], inside: list[frozenset[str]], least: int, taken: Taken
    ) -> str | None:
        """Words that stand in a row in enough mentions; for what cannot be parsed."""
        seen: Counter[str] = Counter()
        for text in texts:
            words = text.lower().replace("’", "'").replace("-", " ").strip(" .,!?;:").split()
            told = content_words(text)
            for n in (2, 3, 4):
                runs = (words[i : i + n] for i in range(len(words) - n + 1))
                seen.update({" ".join(r) for r in runs if {r[0], r[-1]} & told and _plain_ends(r)})
        scored = []
        for run, n in seen.items():
            key = key_of(run.split())
            score = self._score(key, inside)[1] * _LONGER[len(run.split())]
            if n >= least and score > 0 and not taken.holds(key):
                scored.append((-score * n / len(texts), run))
        return min(scored)[1] if scored else self._whole(texts, inside, least, taken)

    def _whole(
        self, texts: Sequence[str], inside: list[frozenset[str]], least: int, taken: Taken
    ) -> str | None:
        """The most central mention that many say alike, and that is short enough to be a name."""
        spare = None
        for text in texts:
            words = text.lower().replace("’", "'").strip(" .,!?;:").split()
            if not 2 <= len(words) <= _SHORT or not all(map(str.isalpha, words)):
                continue
            key, told = key_of(words), content_words(text) | _STARTS
            if key and not taken.holds(key) and self._score(key, inside)[0] >= least:
                whole = " ".join(words)
                if {words[0], words[-1]} <= told:
                    return whole
                spare = spare or whole
        return spare


class Taken:
    """Names that are given, by the stems they are made of: no two issues sound alike."""

    def __init__(self, names: Iterable[str] = ()):
        self._keys = {key_of(n.lower().split()): n for n in names}

    def holds(self, key: frozenset[str]) -> bool:
        """Whether a name of these stems is given."""
        return key in self._keys

    def add(self, name: str) -> None:
        """Take a name."""
        self._keys[key_of(name.lower().split())] = name

    def that_fits(self, texts: Sequence[str]) -> str | None:
        """The name given already whose words most of these texts hold, if half of them do."""
        inside = [stems_of(t) for t in texts]
        shares = {
            name: np.mean([key <= s for s in inside]) for key, name in self._keys.items() if key
        }
        best = max(shares, key=lambda n: (shares[n], n), default=None)
        return best if best is not None and shares[best] >= 0.5 else None


@lru_cache(maxsize=2**17)
def stems_of(text: str) -> frozenset[str]:
    """Stems of a text's words that mean something, and "not" where it denies something."""
    return key_of(text.lower().replace("’", "'").replace("n't", " n't").split()) | _plain(text)


def as_fault(wish: str) -> str:
    """What a customer complains of who wishes for it.

    >>> as_fault("more staff"), as_fault("shorter waiting time"), as_fault("late bus")
    ('not enough staff', 'long waiting time', 'late bus')
    """
    first, *rest = wish.split()
    return " ".join([_FAULT_OF.get(first, first), *rest])


def denies(text: str, key: frozenset[str]) -> bool:
    """Whether a "not" stands near a word of a key.

    >>> denies("The app does not open", frozenset(["app", "open", "not"]))
    True
    >>> denies("I open the app every day and it is not a pleasure", frozenset(["app", "open", "not"]))
    False
    """
    words = text.lower().replace("’", "'").replace("n't", " n't").replace("cannot", "can not")
    stems = [stem(w.strip(".,!?;:")) for w in words.split()]
    nots = [i for i, w in enumerate(stems) if w in _DENIALS]
    return any(
        abs(i - j) <= _NEAR
        for i in nots
        for j, w in enumerate(stems)
        if w in key and w not in _DENIALS
    )


def _plain(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in content_words(text))


def _plain_ends(words: Sequence[str]) -> bool:
    """Whether words begin and end with words that mean something, and are all words."""
    ends = content_words(f"{words[0]} {words[-1]}")
    particles = {words[-1]} <= {"up", "out", "off", "down", "back", "in"}
    return words[0] in ends and (words[-1] in ends or particles) and all(map(str.isalpha, words))


def _spellings(texts: Sequence[str]) -> dict[str, str]:
    """Each stem's most common word."""
    words: dict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for word in content_words(text):
            words[stem(word)][word] += 1
    return {s: min(c, key=lambda w: (-c[w], w)) for s, c in words.items()}
