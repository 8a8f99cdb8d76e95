"""Phrases that may name an issue, out of parsed mentions: "late delivery", "app keeps crashing".

What customers say of a thing comes in many forms ("the delivery was late", "late deliveries"); a
phrase is brought to the form an analyst writes, with its stems as the key that its forms share.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token

from vocx.mine.words import content_words, stem
from vocx.models import find_parser

_NOUNS = frozenset(["NOUN", "PROPN"])
_LINKS = frozenset("of for with in on at to from about between by without".split())
_LIGHT = frozenset(
    (
        "be is are was were been being 's 're 'm have has had do does did get gets got getting make "
        "makes made take takes took go goes went come came say says said tell told ask asked think "
        "know see saw find found need needs want wants wanted let use used using seem seems try "
        "tried give gave put feel felt look looks looked"
    ).split()
)
_BEING = frozenset(["is", "are", "was", "were", "am", "be", "been", "'s", "'re", "'m"])
_NOT = frozenset(["not", "n't", "never", "no", "nobody", "nothing", "cannot"])
_TELLING_ADVERBS = frozenset(
    (
        "late early twice again slowly wrongly badly poorly incorrectly constantly often back up "
        "down off out quickly promptly fast well easily"
    ).split()
)
_REPEATS = frozenset(["again", "often", "twice"])
_EMPTY_NOUNS = frozenset(
    (
        "thing things lot lots way ways bit time times one ones people something anything someone "
        "everything nothing everyone anyone day days week weeks month months year years hour hours "
        "minute minutes back amount amounts matter situation top front end rest side list point kind sort part reason fact case stuff guy guys"
    ).split()
)
_EMPTY_ADJECTIVES = frozenset(
    (
        "other only own same such several first last certain whole various different many much next "
        "previous able few further particular like little big"
    ).split()
)
_MEASURES = frozenset(["more", "less"])
_FILLERS = (
    _LINKS
    | _NOT
    | _TELLING_ADVERBS
    | frozenset("to more less do does did can could will would has have had".split())
)
_NAME_WORD = re.compile(r"[a-z][a-z'&-]*")
LONGEST = 5  # words of a name


class Phrase(NamedTuple):
    """A phrase as a name would have it, the stems it is counted by, and what form it has."""

    text: str
    key: frozenset[str]
    form: str


@lru_cache(maxsize=1)
def _parser() -> Language:
    return spacy.load(find_parser())


def parsed(texts: Iterable[str]) -> Iterator[Doc]:
    """Texts with parts of speech and dependencies (UD)."""
    plain = (" ".join(t.replace("’", "'").split()).lower() for t in texts)
    return _parser().pipe(plain, batch_size=256)


def phrases(doc: Doc) -> list[Phrase]:
    """The phrases of a parsed mention, each once.

    >>> [doc] = parsed(["the delivery was late and the driver was very rude"])
    >>> sorted(p.text for p in phrases(doc))
    ['late delivery', 'rude driver']
    """
    found: dict[tuple[str, frozenset[str]], Phrase] = {}
    for token in doc:
        for form, words in _at(token):
            phrase = _phrase(words, form)
            if phrase:
                found.setdefault((phrase.text, phrase.key), phrase)
    return list(found.values())


def key_of(words: Iterable[str]) -> frozenset[str]:
    """The stems that the forms of a phrase share: of its words that mean something, "not", "more"."""
    listed = list(words)
    told = content_words(" ".join(listed))
    stems = {stem(w) for w in listed if w in told}
    return frozenset(stems | ({"not"} if _NOT & set(listed) else set()) | (_MEASURES & set(listed)))


def _phrase(words: list[str], form: str) -> Phrase | None:
    plain = " ".join({"n't": "not", "ca": "can", "wo": "will"}.get(w, w) for w in words)
    words = plain.replace("can not", "cannot").split()
    if not 2 <= len(words) <= LONGEST or not all(map(_NAME_WORD.fullmatch, words)):
        return None
    key = key_of(words)
    told = content_words(" ".join(words)) | _FILLERS
    if not key - {"not"} - _MEASURES or len(words) != len(set(words)) or not told.issuperset(words):
        return None
    return Phrase(" ".join(words), key, form)


def _at(token: Token) -> Iterator[tuple[str, list[str]]]:
    """(form, words) of the phrases whose head is a token; its part of speech is in ``tag_``."""
    if token.tag_ in _NOUNS:
        yield from _of_noun(token)
    elif token.tag_ == "ADJ" and token.dep_ not in ("amod", "compound"):
        yield from _of_adjective(token)
    elif token.tag_ == "VERB":
        yield from _of_verb(token)


def _children(token: Token, *relations: str) -> list[Token]:
    return [c for c in token.children if c.dep_ in relations]


def _noun_words(noun: Token, longest: int = 3) -> list[str]:
    """A noun with the words before it that belong to it: "late parcel", "boarding pass"."""
    before = [
        c for c in noun.lefts
        if c.dep_ in ("amod", "compound") and c.tag_ in ("ADJ", "NOUN", "PROPN", "VERB") and len(c.text) > 2
        and c.text not in _EMPTY_ADJECTIVES
    ]  # fmt: skip
    words: list[str] = []
    for part in [*before, noun]:
        if words and part is not noun and part.i != before[0].i + len(words):
            continue
        words.append(part.text)
    return words[-longest:]


def _named(noun: Token) -> bool:
    return noun.tag_ in _NOUNS and noun.text not in _EMPTY_NOUNS and len(noun.text) > 2


def _of_noun(noun: Token) -> Iterator[tuple[str, list[str]]]:
    if not _named(noun):
        return
    words = _noun_words(noun)
    adjective = any(c.dep_ == "amod" and c.text in words for c in noun.children)
    refused = [c for c in _children(noun, "det", "advmod") if c.text in ("no", "not")]
    if refused:
        yield "not", ["no", *words]
    elif len(words) > 1:
        yield ("judged" if adjective else "noun"), words
    for other in _children(noun, "nmod"):
        link = next((c.text for c in _children(other, "case") if c.text in _LINKS), None)
        if link and _named(other) and other.i > noun.i:
            yield "of", [*words[-2:], link, *_noun_words(other, 2)]


def _of_adjective(adjective: Token) -> Iterator[tuple[str, list[str]]]:
    for subject in _children(adjective, "nsubj"):
        if not _named(subject):
            continue
        words = _noun_words(subject, 2)
        refused = [c for c in _children(adjective, "advmod") if c.text in _NOT]
        if refused:
            yield "not", [*words, "not", adjective.text]
        else:
            yield "judged", [adjective.text, *words]


def _of_verb(verb: Token) -> Iterator[tuple[str, list[str]]]:
    refused = [c.text for c in _children(verb, "advmod") if c.text in _NOT]
    helpers = [c.text for c in _children(verb, "aux") if c.i < verb.i]
    particle = [c.text for c in _children(verb, "compound:prt")]
    adverb = [
        c.text for c in _children(verb, "advmod") if c.text in _TELLING_ADVERBS and c.i > verb.i
    ][:1]
    if refused and adverb and adverb[0] in _REPEATS:
        adverb = []
    done = [*_denied(helpers, refused), verb.text, *(particle or adverb)]
    form = "not" if refused else "does"
    light = verb.text in _LIGHT and not refused
    for what in _children(verb, "xcomp"):
        if what.tag_ == "VERB" and not refused and verb.text.startswith(("keep", "stop", "refus", "fail")):  # fmt: skip
            done, light = [verb.text, *_to(what), what.text], False
    for subject in _children(verb, "nsubj", "nsubj:pass"):
        if subject.text == "nobody":
            yield "not", ["nobody", *done, *[t.text for t in _children(verb, "obj") if _named(t)]]
        elif _named(subject) and not light:
            yield form, [*_noun_words(subject, 2), *done]
    for thing in _children(verb, "obj"):
        if _named(thing) and (refused or verb.text not in _LIGHT):
            yield form if refused else "verb", [*_denied(helpers, refused), verb.text, *particle, *_noun_words(thing, 2)]  # fmt: skip
    if light:
        return
    if particle or adverb:
        yield "not" if refused else "how", done
    for where in _children(verb, "obl"):
        link = next((c.text for c in _children(where, "case") if c.text in _LINKS), None)
        if link and _named(where) and where.i > verb.i:
            yield form if refused else "where", [*_denied(helpers, refused), verb.text, *particle, link, *_noun_words(where, 2)]  # fmt: skip


def _to(verb: Token) -> list[str]:
    return [c.text for c in verb.lefts if c.text == "to"]


def _denied(helpers: list[str], refused: list[str]) -> list[str]:
    """The words that deny a verb: "does not", "never"; none where nothing is denied."""
    if not refused:
        return []
    if refused[0] == "never":
        return ["never"]
    return [*(h for h in helpers[-1:] if h not in _BEING), "not"]
